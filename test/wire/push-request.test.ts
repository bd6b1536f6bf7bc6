import { describe, expect, test } from "bun:test";
import type { ObjectFormat } from "../../src/domain/oid.ts";
import { encodePacket, FLUSH, PacketReader } from "../../src/wire/pkt-line.ts";
import {
  COMMANDS_MAX,
  PUSH_OPTION_BYTES_MAX,
  PUSH_OPTIONS_MAX,
  SHALLOW_LINES_MAX,
} from "../../src/wire/push-limits.ts";
import { PushRequest } from "../../src/wire/push-request.ts";

const ZERO = "0".repeat(40);
const ONE = "1".repeat(40);
const LONG = "2".repeat(64);

async function* bytes(...pieces: (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
}

const packets = (...lines: string[]) => Buffer.concat(lines.map((line) => encodePacket(line)));

/** Reads a request and what stands behind it. */
async function read(input: AsyncIterable<Uint8Array>, format: ObjectFormat | "any" = "sha1") {
  const reader = new PacketReader(input);
  const request = new PushRequest();
  await request.read(reader, format === "any" ? undefined : format);
  const rest: Buffer[] = [];
  for await (const chunk of reader.rest()) rest.push(chunk);
  return { request, rest: Buffer.concat(rest).toString("latin1") };
}

const problemOf = (input: AsyncIterable<Uint8Array>, format?: ObjectFormat | "any") =>
  read(input, format).then(
    () => "none",
    (error: { reason?: string; details?: unknown }) => ({ reason: error.reason, details: error.details }),
  );

describe("PushRequest", () => {
  test("reads commands, where history ends, and options; the pack stays", async () => {
    const { request, rest } = await read(
      bytes(
        packets(`shallow ${ONE}\n`),
        packets(
          `${ZERO} ${ONE} refs/heads/a\0 report-status-v2 side-band-64k atomic quiet push-options object-format=sha1 agent=git/2.39`,
          `${ONE} ${ZERO} refs/heads/b\xe9\n`,
        ),
        FLUSH,
        packets("one\n", "two=2"),
        FLUSH,
        "PACK and more",
      ),
    );
    expect(request).toMatchObject({
      commands: [
        { name: "refs/heads/a", oldOid: ZERO, newOid: ONE },
        { name: "refs/heads/b\xe9", oldOid: ONE, newOid: ZERO },
      ],
      shallow: [ONE],
      pushOptions: ["one", "two=2"],
      report: "report-status-v2",
      sideband: true,
      atomic: true,
      quiet: true,
      hasPack: true,
      agent: "git/2.39",
      objectFormat: "sha1",
    });
    expect(rest).toBe("PACK and more");
  });

  test("says what the client did not ask for, and that deletions bring no pack", async () => {
    const { request } = await read(bytes(packets(`${ONE} ${ZERO} refs/heads/a\0report-status`), FLUSH));
    expect(request).toMatchObject({ report: "report-status", sideband: false, atomic: false, hasPack: false });
    const bare = await read(bytes(packets(`${ONE} ${ZERO} refs/heads/a`), FLUSH));
    expect(bare.request).toMatchObject({ report: "none", commands: [{ name: "refs/heads/a" }] });
  });

  test("a client with nothing to say has no commands", async () => {
    expect((await read(bytes())).request.commands).toEqual([]);
    expect((await read(bytes(FLUSH))).request.commands).toEqual([]);
  });

  test("takes the long ids of sha256, by the repository's format or the client's word", async () => {
    const line = `${LONG} ${"0".repeat(64)} refs/heads/a\0object-format=sha256`;
    for (const format of ["sha256", "any"] as const)
      expect((await read(bytes(packets(line), FLUSH), format)).request.commands).toHaveLength(1);
    expect(await problemOf(bytes(packets(line), FLUSH), "sha1")).toMatchObject({
      details: { problem: "mismatched object format: server sha1; client sha256" },
    });
    const short = bytes(packets(`${ZERO} ${ONE} refs/heads/a\0report-status`), FLUSH);
    expect(await problemOf(short, "sha256")).toMatchObject({
      details: { problem: "mismatched object format: server sha256; client sha1" },
    });
  });

  test("refuses what is no command", async () => {
    const lines = [
      "nonsense",
      `${ZERO} ${ONE}`,
      `${ZERO} ${ONE} `,
      `${ZERO}  ${ONE} refs/heads/a`,
      `${"g".repeat(40)} ${ONE} refs/heads/a`,
      `${ZERO} ${LONG} refs/heads/a`,
      `${ZERO} ${ONE} refs/heads/${"x".repeat(40_000)}`,
      "shallow 123",
      "push-cert\0report-status",
    ];
    for (const line of lines)
      expect(await problemOf(bytes(packets(line), FLUSH))).toMatchObject({ reason: "protocol_error" });
  });

  test("refuses what is cut off", async () => {
    const command = packets(`${ZERO} ${ONE} refs/heads/a\0push-options`);
    for (const input of [bytes(command), bytes(command.subarray(0, 30)), bytes(command, FLUSH), bytes(command, "0001")])
      expect(await problemOf(input)).toMatchObject({ reason: "protocol_error" });
  });

  test("has limits", async () => {
    async function* commands(count: number, line: (at: number) => string) {
      for (let at = 0; at < count; at++) yield encodePacket(line(at));
      yield FLUSH;
    }
    const many = await problemOf(commands(COMMANDS_MAX + 1, (at) => `${ZERO} ${ONE} refs/heads/${at}`));
    expect(many).toEqual({
      reason: "limit_exceeded",
      details: { limit: "commands of a push", maximum: COMMANDS_MAX, retryAfterMs: 0 },
    });
    const long = await problemOf(commands(2000, (at) => `${ZERO} ${ONE} refs/heads/${at}${"x".repeat(30_000)}`));
    expect(long).toMatchObject({ reason: "too_large", details: { what: "list of commands" } });
    const shallow = await problemOf(commands(SHALLOW_LINES_MAX + 1, () => `shallow ${ONE}`));
    expect(shallow).toMatchObject({ reason: "limit_exceeded" });
    const first = packets(`${ZERO} ${ONE} refs/heads/a\0push-options`);
    const options = packets(...Array.from({ length: PUSH_OPTIONS_MAX + 1 }, () => "o"));
    expect(await problemOf(bytes(first, FLUSH, options, FLUSH))).toMatchObject({ reason: "limit_exceeded" });
    const wide = packets("x".repeat(PUSH_OPTION_BYTES_MAX - 100), "y".repeat(101));
    expect(await problemOf(bytes(first, FLUSH, wide, FLUSH))).toMatchObject({ reason: "too_large" });
  });
});
