import type { Caller } from "../../src/contract/principal.ts";
import { receivePack } from "../../src/operations/git/receive-pack.ts";
import { encodePacket, FLUSH, PacketReader } from "../../src/wire/pkt-line.ts";
import type { PushStory } from "./push-story.ts";

/** What the server answered to a push that was written by hand. */
export interface RawAnswer {
  /** Lines of the report. */
  readonly report: string[];
  /** What was for the user's eyes. */
  readonly messages: string;
  /** Why the conversation ended, from the third side band or an ERR packet. */
  readonly fatal: string;
  /** What the operation failed with. */
  readonly error: unknown;
}

const CAPABILITIES = "report-status-v2 side-band-64k object-format=sha1 agent=test";

/** The commands of a push as packets, flush included: `OLD NEW NAME` each. */
export function commandPackets(commands: readonly string[], capabilities: string = CAPABILITIES): Buffer {
  const packets = commands.map((command, at) => encodePacket(at === 0 ? `${command}\0 ${capabilities}` : command));
  return Buffer.concat([...packets, FLUSH]);
}

/** Sends a request as a stateless client does, and reads the answer to its end. */
export async function rawPush(
  story: PushStory,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  as: Partial<Caller> = {},
): Promise<RawAnswer> {
  const { test, repository } = story;
  const parts = body instanceof Uint8Array ? once(body) : body;
  const chunks: Uint8Array[] = [];
  let error: unknown;
  try {
    const conversation = { repository, mode: "stateless" as const };
    for await (const chunk of test.engine.run(receivePack, conversation, { ...test.caller, ...as }, parts))
      chunks.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  return { ...(await readAnswer(Buffer.concat(chunks))), error };
}

async function readAnswer(answer: Buffer): Promise<Omit<RawAnswer, "error">> {
  const bands: Buffer[][] = [[], [], [], []];
  const reader = new PacketReader(once(answer));
  let fatal = "";
  for (let packet = await reader.next(); packet !== undefined; packet = await reader.next()) {
    if (typeof packet === "string") continue;
    if (packet.toString("latin1", 0, 4) === "ERR ") fatal = packet.toString("utf8", 4).trimEnd();
    else bands[packet[0] ?? 0]?.push(packet.subarray(1));
  }
  const text = (band: number) => Buffer.concat(bands[band] ?? []).toString("utf8");
  const report: string[] = [];
  const lines = new PacketReader(once(Buffer.concat(bands[1] ?? [])));
  for (let line = await lines.next(); line !== undefined; line = await lines.next())
    if (typeof line !== "string") report.push(line.toString("utf8").trimEnd());
  return { report, messages: text(2), fatal: fatal || text(3).trimEnd() };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** A pack of these objects of the client's repository, and nothing else. */
export function packOf(story: PushStory, oids: readonly string[]): Promise<Buffer> {
  return story.client.git(["pack-objects", "--stdout", "--quiet"], { input: `${oids.join("\n")}\n` });
}
