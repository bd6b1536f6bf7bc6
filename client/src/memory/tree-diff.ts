import { type ByteString, compareBytes } from "./byte-string.ts";
import { MODE_TREE, type TreeItem } from "./git-object.ts";
import type { ObjectStore } from "./object-store.ts";

/** One side of a change. */
export interface FileSide {
  readonly path: ByteString;
  readonly mode: number;
  readonly id: string;
}

/** A file before and after; one of them may be missing, their paths differ in a rename. */
export type FileChange =
  | { readonly from: FileSide; readonly to: FileSide }
  | { readonly from: FileSide; readonly to: undefined }
  | { readonly from: undefined; readonly to: FileSide };

/** The files in which two trees differ, in the order of `git diff --raw`; folders that are equal are not entered. */
export function treeDiff(objects: ObjectStore, fromId: string, toId: string, paths?: PathFilter): FileChange[] {
  const changes: FileChange[] = [];
  diffTrees(objects, fromId, toId, "", paths ?? EVERY_PATH, changes);
  return changes;
}

function diffTrees(
  objects: ObjectStore,
  fromId: string,
  toId: string,
  prefix: ByteString,
  paths: PathFilter,
  changes: FileChange[],
): void {
  if (fromId === toId) return;
  const before = byName(objects.tree(fromId));
  const after = byName(objects.tree(toId));
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort(compareBytes);
  for (const key of keys) {
    const from = before.get(key);
    const to = after.get(key);
    if (from?.id === to?.id && from?.mode === to?.mode) continue;
    const path = prefix + (from ?? to)!.name;
    if (!paths.mayHold(path)) continue;
    if ((from ?? to)!.mode === MODE_TREE) {
      const { emptyTreeId } = objects;
      diffTrees(objects, from?.id ?? emptyTreeId, to?.id ?? emptyTreeId, `${path}/`, paths, changes);
    } else if (paths.holds(path)) {
      const side = (item: TreeItem): FileSide => ({ path, mode: item.mode, id: item.id });
      if (from !== undefined && to !== undefined) changes.push({ from: side(from), to: side(to) });
      else if (from !== undefined) changes.push({ from: side(from), to: undefined });
      else if (to !== undefined) changes.push({ from: undefined, to: side(to) });
    }
  }
}

/** A folder and a file of one name are two things, and sort apart. */
function byName(items: readonly TreeItem[]): Map<ByteString, TreeItem> {
  return new Map(items.map((item) => [item.mode === MODE_TREE ? `${item.name}/` : item.name, item]));
}

/** Which paths are looked at. */
export interface PathFilter {
  holds(path: ByteString): boolean;
  /** May the path, or something below it, be among them? */
  mayHold(path: ByteString): boolean;
}

const EVERY_PATH: PathFilter = { holds: () => true, mayHold: () => true };

/** Files and folders by their literal paths; all without any. */
export function pathFilter(paths: readonly ByteString[]): PathFilter {
  const wanted = paths.map((path) => path.replace(/^\.\/|\/+$/g, ""));
  if (wanted.length === 0 || wanted.includes("") || wanted.includes(".")) return EVERY_PATH;
  const holds = (path: ByteString) => wanted.some((one) => path === one || path.startsWith(`${one}/`));
  return { holds, mayHold: (path) => holds(path) || wanted.some((one) => one.startsWith(`${path}/`)) };
}

/**
 * Puts files that vanished and files that appeared with the very same content together. As git does for exact renames:
 * the old file that has the same name wins, else the first; the change stands where the new path stands.
 */
export function pairExactRenames(changes: readonly FileChange[]): FileChange[] {
  const sources = new Map<string, FileSide[]>();
  for (const { from, to } of changes) {
    if (from === undefined || to !== undefined) continue;
    const same = sources.get(from.id);
    if (same === undefined) sources.set(from.id, [from]);
    else same.push(from);
  }
  const taken = new Set<FileSide>();
  const paired = changes.map((change): FileChange => {
    if (change.from !== undefined) return change;
    const free = (sources.get(change.to.id) ?? []).filter((from) => !taken.has(from));
    const from = free.find((one) => baseName(one.path) === baseName(change.to.path)) ?? free[0];
    if (from === undefined) return change;
    taken.add(from);
    return { from, to: change.to };
  });
  return paired.filter(({ from, to }) => to !== undefined || !taken.has(from));
}

function baseName(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf("/") + 1);
}
