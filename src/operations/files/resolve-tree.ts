import type { OpenRepository } from "../../contract/context.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { EMPTY_TREE, type Oid } from "../../domain/oid.ts";

/** The tree that a revision leads to; undefined when there is none. The empty tree needs no object. */
export async function resolveTree(repository: OpenRepository, revision: ByteString): Promise<Oid | undefined> {
  const { git, view, objectFormat } = repository;
  if (revision === EMPTY_TREE[objectFormat]) return revision;
  return git.objects.resolve(view, revision, "tree");
}
