import { stat } from "node:fs/promises";
import type { PackRequest, RepositoryView } from "../backend.ts";

/**
 * Names a request for a pack: the repository (a directory that was removed and made again is another one), its generation, what
 * else on disk decides about the pack, and the request. Undefined for a repository that is not there.
 */
export async function packKey(
  view: RepositoryView,
  request: PackRequest,
  generation: bigint | number,
): Promise<string | undefined> {
  const facts = await Promise.all([
    fileFacts(view.gitDir, "identity"),
    fileFacts(`${view.gitDir}/shallow`, "content"),
    // Tags that come along are found by their references, which plain git may change as well.
    ...(request.includeTag
      ? ["packed-refs", "refs/tags"].map((name) => fileFacts(`${view.gitDir}/${name}`, "content"))
      : []),
  ]);
  if (facts[0] === undefined) return undefined;
  return JSON.stringify([
    view.gitDir,
    facts,
    String(generation),
    [...request.wants].sort(),
    [...request.haves].sort(),
    [...(request.shallow ?? [])].sort(),
    request.filter ?? null,
    request.thin,
    request.ofsDelta,
    request.includeTag,
  ]);
}

async function fileFacts(path: string, what: "identity" | "content"): Promise<string | undefined> {
  try {
    const { ino, birthtimeNs, mtimeNs, size } = await stat(path, { bigint: true });
    return what === "identity" ? `${ino} ${birthtimeNs}` : `${ino} ${mtimeNs} ${size}`;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}
