import type { OpenRepository } from "../../contract/context.ts";
import { REFS_HEADS, type RefName } from "../../domain/reference.ts";

/**
 * The branch that HEAD names if it exists, else `main`, else `master`, else the first by name; undefined when there is no
 * branch at all. To be called inside of `consistently`.
 */
export async function defaultBranch({ git, view }: OpenRepository): Promise<RefName | undefined> {
  const head = await git.refs.head(view);
  if (head.target !== undefined && head.oid !== undefined) return head.target;
  for (const name of [`${REFS_HEADS}main`, `${REFS_HEADS}master`]) {
    if ((await git.refs.read(view, name)) !== undefined) return name;
  }
  for await (const [first] of git.refs.list(view, { prefixes: [REFS_HEADS], peel: false })) {
    if (first !== undefined) return first.name;
  }
  return undefined;
}
