import type { OpenRepository } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import { EMPTY_TREE, type Oid } from "../../domain/oid.ts";

/** The commit that a revision leads to, or else the tree. Throws `revision_not_found`, with the field that named it. */
export async function resolveTreeish(repository: OpenRepository, revision: string, field: string): Promise<Oid> {
  const { git, view, objectFormat } = repository;
  if (revision === EMPTY_TREE[objectFormat]) return revision;
  const oid =
    (await git.objects.resolve(view, revision, "commit")) ?? (await git.objects.resolve(view, revision, "tree"));
  if (oid === undefined) throw new OperationError("revision_not_found", { revision, field });
  return oid;
}
