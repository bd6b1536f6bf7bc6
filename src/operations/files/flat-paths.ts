import type { OpenRepository } from "../../contract/context.ts";
import type { GitPath, TreeEntry } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { soleSubtree } from "../../domain/sole-subtree.ts";

/** Trees that are followed down at most; a chain of folders with one folder each can be long. */
const STEPS_MAX = 9;

/** Trees that are in memory at once; each may be large. */
const BATCH_TREES = 64;

/**
 * For each entry the deepest folder down to which there is nothing but one folder in each; the path itself for what is no
 * tree. All chains are followed one step at a time.
 */
export async function flatPaths(repository: OpenRepository, entries: readonly TreeEntry[]): Promise<GitPath[]> {
  const paths = entries.map(({ path }) => path);
  let open: { readonly index: number; readonly oid: Oid }[] = [];
  for (const [index, { type, oid }] of entries.entries()) if (type === "tree") open.push({ index, oid });
  for (let step = 0; step < STEPS_MAX && open.length > 0; step++) {
    const subtrees = await soleSubtrees(repository, open);
    const deeper: typeof open = [];
    for (const [at, { index }] of open.entries()) {
      const subtree = subtrees[at];
      if (subtree === undefined) continue;
      paths[index] += `/${subtree.name}`;
      deeper.push({ index, oid: subtree.oid });
    }
    open = deeper;
  }
  return paths;
}

async function soleSubtrees({ git, view, objectFormat }: OpenRepository, trees: readonly { readonly oid: Oid }[]) {
  const subtrees: ReturnType<typeof soleSubtree>[] = [];
  for (let at = 0; at < trees.length; at += BATCH_TREES) {
    const oids = trees.slice(at, at + BATCH_TREES).map(({ oid }) => oid);
    for (const object of await git.objects.readMany(view, oids)) {
      subtrees.push(object?.type === "tree" ? soleSubtree(object.content, objectFormat) : undefined);
    }
  }
  return subtrees;
}
