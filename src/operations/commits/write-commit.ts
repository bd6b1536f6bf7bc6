import type { QuarantinedView } from "../../backend/backend.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import { type CommitParts, formatCommit } from "../../domain/format-object.ts";
import type { Oid } from "../../domain/oid.ts";

/** Writes a commit into a quarantine. Throws `invalid_input` for a message with a NUL byte, as git does. */
export async function writeCommit(repository: OpenRepository, view: QuarantinedView, parts: CommitParts): Promise<Oid> {
  if (parts.message.includes(0)) {
    throw new OperationError("invalid_input", {
      field: "message",
      problem: "a NUL byte in commit log message not allowed",
    });
  }
  return repository.git.objects.write(view, "commit", formatCommit(parts));
}
