import { lstatSync, readdirSync, rmdirSync, unlinkSync, type Stats } from "node:fs";
import { fromByteString, toByteString } from "../../domain/bytes.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { flush, inParallel } from "../flush.ts";
import type { WorktreeView } from "../worktree-facet.ts";

/** Where a file of a worktree is; "" is the worktree itself. */
export function placeOf({ workTree }: WorktreeView, path: GitPath): Buffer {
  return Buffer.concat([Buffer.from(`${workTree}/`), fromByteString(path)]);
}

/** The folders above a path, the topmost first. */
export function foldersAbove(path: GitPath): GitPath[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** What is at a path; undefined for nothing, and for what stands behind a symbolic link or a file. */
export function lookAt(view: WorktreeView, path: GitPath): Stats | undefined {
  for (const folder of foldersAbove(path)) if (statsOf(view, folder)?.isDirectory() !== true) return undefined;
  return statsOf(view, path);
}

/** The files below a folder, whatever Git knows of them; none where there is no folder. */
export function filesBelow(view: WorktreeView, folder: GitPath): GitPath[] {
  if (lookAt(view, folder)?.isDirectory() !== true) return [];
  // The runtime gives no names as bytes together with their types.
  return readdirSync(placeOf(view, folder), { encoding: "buffer" }).flatMap((name) => {
    const path = `${folder}/${toByteString(name)}`;
    return statsOf(view, path)?.isDirectory() === true ? filesBelow(view, path) : [path];
  });
}

/** Is a folder above a path a symbolic link, so that git would have nothing to do with the path? */
export function isBehindLink(view: WorktreeView, path: GitPath): boolean {
  for (const folder of foldersAbove(path)) {
    const found = statsOf(view, folder);
    if (found?.isDirectory() !== true) return found?.isSymbolicLink() === true;
  }
  return false;
}

/** Those of these paths that stand in the place of one of the others: at it, below it, or where a folder above it belongs. */
export function standingInPlace(paths: readonly GitPath[], others: readonly GitPath[]): GitPath[] {
  const places = new Set(others);
  const above = new Set(others.flatMap(foldersAbove));
  return paths.filter(
    (path) => places.has(path) || above.has(path) || foldersAbove(path).some((folder) => places.has(folder)),
  );
}

/** Removes files, and the folders that are left empty. What is not there is passed over. */
export function removeFiles(view: WorktreeView, paths: readonly GitPath[]): void {
  for (const path of paths) {
    const found = lookAt(view, path);
    if (found === undefined || found.isDirectory()) continue;
    unlinkSync(placeOf(view, path));
    for (const folder of foldersAbove(path).reverse()) if (!removedEmpty(view, folder)) break;
  }
}

/** Brings files that git has written, and the folders that they stand in, to the disk: git flushes its own files alone. */
export async function flushFiles(view: WorktreeView, paths: Iterable<GitPath>): Promise<void> {
  const folders = new Set<GitPath>([""]);
  const places: Buffer[] = [];
  for (const path of paths) {
    for (const folder of foldersAbove(path)) folders.add(folder);
    if (lookAt(view, path)?.isFile() === true) places.push(placeOf(view, path));
  }
  for (const folder of folders)
    if (folder === "" || lookAt(view, folder)?.isDirectory() === true) places.push(placeOf(view, folder));
  await inParallel(places, flush);
}

function statsOf(view: WorktreeView, path: GitPath): Stats | undefined {
  return lstatSync(placeOf(view, path), { throwIfNoEntry: false });
}

function removedEmpty(view: WorktreeView, folder: GitPath): boolean {
  try {
    rmdirSync(placeOf(view, folder));
    return true;
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST"].includes((error as { code?: string }).code ?? "")) return false;
    throw error;
  }
}
