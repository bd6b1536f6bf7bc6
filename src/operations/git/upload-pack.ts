import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeUtf8 } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { errorPacket, PacketReader } from "../../wire/pkt-line.ts";
import { protocolVersionOf } from "../../wire/protocol-version.ts";
import { uploadPackOptions } from "../../wire/upload-pack-options.ts";
import { WireRefusal } from "../../wire/wire-refusal.ts";
import { ConversationInput } from "./conversation.ts";
import { PackFailure } from "./send-pack.ts";
import { openSession } from "./upload-pack-session.ts";
import { serveV0 } from "./upload-pack-v0.ts";
import { serveV2 } from "./upload-pack-v2.ts";

/** Git's upload-pack (gitprotocol-pack(5), gitprotocol-v2(5)): references and packs for a client that clones or fetches. What it yields is good until the next is asked for. A client that was told of a failure inside the protocol is not told again: then it throws after its last output. */
export const uploadPack = defineOperation({
  name: "uploadPack",
  summary: "Serve a fetch",
  kind: "read",
  shape: "duplex",
  access: "read",
  target: "repository",
  input: ConversationInput,
  output: Type.Uint8Array(),
  errors: ["repository_not_found", "protocol_error", "too_large", "objects_missing", "git_failed"],
  examples: [{ title: "Usual", input: { mode: "advertise" } }],
  async *run({ mode, protocol, configOptions }, context, parts: AsyncIterable<Uint8Array>) {
    const reader = new PacketReader(parts);
    const session = openSession(context, reader, mode, uploadPackOptions(configOptions));
    const version = protocolVersionOf(protocol);
    let hasSpoken = false;
    try {
      for await (const output of version === 2 ? serveV2(session) : serveV0(session, version)) {
        hasSpoken = true;
        yield output;
      }
    } catch (error) {
      if (error instanceof PackFailure) throw error.cause;
      if (!context.signal.aborted && (hasSpoken || error instanceof WireRefusal)) yield errorPacket(wordsFor(error));
      throw error;
    } finally {
      await reader.close();
    }
  },
});

/** What a client is told: the problem where it caused one itself, else only the kind of failure. */
function wordsFor(error: unknown): string {
  if (!(error instanceof OperationError)) return "internal error";
  const problem = "problem" in error.details ? error.details.problem : undefined;
  return typeof problem === "string" && error.reason === "protocol_error" ? decodeUtf8(problem) : error.message;
}
