import type { OpenRepository } from "../../contract/context.ts";
import type { GitObject } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";

/**
 * Reads the commits and tags among the objects that references point at. A reference may as well point at a blob of any size
 * or at a tree: those are told from their headers and never read, and stand in the answer with no content.
 */
export async function readSmallObjects(
  { git, view }: OpenRepository,
  oids: readonly Oid[],
): Promise<(GitObject | undefined)[]> {
  const infos = await Promise.all(oids.map((oid) => git.objects.info(view, oid)));
  const wanted = oids.filter((_, index) => infos[index]?.type === "commit" || infos[index]?.type === "tag");
  const objects = new Map<Oid, GitObject | undefined>();
  for (const [index, object] of (await git.objects.readMany(view, wanted)).entries())
    objects.set(wanted[index]!, object);
  return oids.map((oid, index) => {
    const info = infos[index];
    return objects.get(oid) ?? (info && { ...info, content: new Uint8Array() });
  });
}
