import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { encodePacket, lineOf, PacketReader } from "../../wire/pkt-line.ts";

/** As many as git takes. */
const ARGUMENTS_MAX = 64;
const ARGUMENT_BYTES_MAX = 64 * 1024;
const TOKEN = "argument ";

/**
 * Git's upload-archive (git-upload-archive(1)): `argument` packets in, an archive in a side band out. As git has it, only references
 * may be named, unless the repository's `uploadarchive.allowUnreachable` says otherwise. A refusal is told inside the protocol, and
 * then thrown.
 */
export const uploadArchive = defineOperation({
  name: "uploadArchive",
  summary: "Serve an archive",
  kind: "read",
  shape: "duplex",
  access: "read",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Uint8Array(),
  errors: ["repository_not_found", "protocol_error", "invalid_input"],
  examples: [{ title: "Usual", input: {} }],
  async *run(_input, { repository, signal }, parts: AsyncIterable<Uint8Array>) {
    let args: ByteString[];
    try {
      args = await readArguments(parts);
    } catch (error) {
      if (signal.aborted) throw error;
      const problem = error instanceof OperationError ? String(Object.values(error.details)[0]) : "internal error";
      yield encodePacket(`NACK ${problem}\n`);
      throw error;
    }
    yield* repository.git.pack.uploadArchive(repository.view, args);
  },
});

/** Reads up to the flush. What follows, if anything, is the client's waiting. */
async function readArguments(parts: AsyncIterable<Uint8Array>): Promise<ByteString[]> {
  const reader = new PacketReader(parts);
  const args: ByteString[] = [];
  let bytes = 0;
  for (;;) {
    const packet = await reader.next();
    if (packet === undefined) throw refusal("the input ends before a flush packet");
    if (packet === "flush") return args;
    const line = typeof packet === "string" ? packet : lineOf(packet);
    if (!line.startsWith(TOKEN)) throw refusal("'argument' token or flush expected");
    args.push(line.slice(TOKEN.length));
    bytes += line.length;
    if (args.length >= ARGUMENTS_MAX) throw refusal(`Too many options (>${ARGUMENTS_MAX - 1})`);
    if (bytes > ARGUMENT_BYTES_MAX) throw refusal(`options of more than ${ARGUMENT_BYTES_MAX} bytes`);
    if (line.includes("\0")) throw refusal("NUL in an option");
  }
}

function refusal(problem: string): OperationError {
  return new OperationError("protocol_error", { problem });
}
