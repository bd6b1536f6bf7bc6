import type { OpenRepository } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";

/** The commit that a revision leads to. Throws `revision_not_found`, with the field that named it. */
export async function resolveCommit({ git, view }: OpenRepository, revision: string, field?: string): Promise<Oid> {
  const oid = await git.objects.resolve(view, revision, "commit");
  if (oid === undefined)
    throw new OperationError("revision_not_found", { revision, ...(field !== undefined && { field }) });
  return oid;
}
