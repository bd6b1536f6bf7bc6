import type { ByteString } from "../../domain/bytes.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import type { RepositoryView } from "../backend.ts";
import type { GitRunner } from "./run-git.ts";

/** Refusals are short; what comes later breaks an archive off. */
const REFUSAL_BYTES_MAX = 64 * 1024;

/**
 * Runs `git upload-archive`, which answers the client itself: ACK, archive and errors in a side band. A refusal of git is in the answer
 * already, and is thrown afterwards as `invalid_input`.
 */
export async function* uploadArchive(
  runner: GitRunner,
  view: RepositoryView,
  args: readonly ByteString[],
): AsyncGenerator<Uint8Array> {
  const stdin = Buffer.concat([...args.map((arg) => packet(`argument ${arg}`)), Buffer.from("0000")]);
  const head: Buffer[] = [];
  let headBytes = 0;
  try {
    for await (const chunk of runner.stream(view, { command: "uploadArchive", stdin })) {
      if (headBytes < REFUSAL_BYTES_MAX) head.push(chunk);
      headBytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (!hasReason(error, "git_failed") || headBytes >= REFUSAL_BYTES_MAX) throw error;
    const said = /(?:fatal|error): ([^\n]*)/.exec(Buffer.concat(head).toString("latin1"))?.[1];
    if (said === undefined) throw error;
    throw new OperationError("invalid_input", { field: "argument", problem: said }, { cause: error });
  }
}

/** A packet as gitprotocol-common(5) has it. Throws `too_large`. */
function packet(text: ByteString): Buffer {
  const length = text.length + 4;
  if (length > 65_520)
    throw new OperationError("too_large", { what: "argument", sizeBytes: length, limitBytes: 65_520 });
  return Buffer.from(length.toString(16).padStart(4, "0") + text, "latin1");
}
