import type { QuarantinedView } from "../../backend/backend.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { withSignature } from "../../domain/commit-signature.ts";
import { OperationError } from "../../domain/errors.ts";
import { type CommitParts, formatCommit } from "../../domain/format-object.ts";
import type { Oid } from "../../domain/oid.ts";
import type { Signer } from "./signer.ts";

/** Writes a commit into a quarantine, signed where there is a signer. Throws `invalid_input` for a message with a NUL byte, as git does. */
export async function writeCommit(
  repository: OpenRepository,
  view: QuarantinedView,
  parts: CommitParts,
  signer?: Signer,
): Promise<Oid> {
  if (parts.message.includes(0)) {
    throw new OperationError("invalid_input", {
      field: "message",
      problem: "a NUL byte in commit log message not allowed",
    });
  }
  const content = formatCommit(parts);
  const signed =
    signer === undefined ? content : withSignature(content, await signer(content), repository.objectFormat);
  return repository.git.objects.write(view, "commit", signed);
}
