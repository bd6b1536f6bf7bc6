import { type ByteString, compareBytes } from "./byte-string.ts";
import { FileTree } from "./file-tree.ts";
import { mergeText } from "./merge-text.ts";
import type { ObjectStore } from "./object-store.ts";
import { type FileChange, type FileSide, pairExactRenames, treeDiff } from "./tree-diff.ts";

/** What a merge has come to. */
export interface TreeMerge {
  /** With markers in the files that are in conflict. */
  readonly treeId: string;
  /** In order; none in a clean merge. */
  readonly conflicts: readonly ByteString[];
}

/** What one side did with the files of the base. */
interface SideChanges {
  /** By the path that it had in the base, or that is new. */
  readonly byPath: Map<ByteString, FileChange>;
  /** Where files went, by their paths in the base; only files whose content stayed the same count as moved. */
  readonly renames: Map<ByteString, FileSide>;
}

/**
 * Merges two trees that come from a third, path by path: what one side changed is taken, what both changed is merged line by
 * line. A file that one side moved as it is takes the other side's change along.
 */
export function mergeTrees(objects: ObjectStore, baseId: string, oursId: string, theirsId: string): TreeMerge {
  const tree = new FileTree(objects, oursId);
  const ours = changesOf(objects, baseId, oursId);
  const theirs = changesOf(objects, baseId, theirsId);
  const conflicts = new Set<ByteString>();
  followRenames(ours, theirs, conflicts);
  followRenames(theirs, ours, conflicts);
  const puts: FileSide[] = [];
  for (const [path, theirChange] of theirs.byPath) {
    const merged = mergeFile(objects, path, ours.byPath.get(path), theirChange, conflicts);
    if (merged !== undefined) puts.push({ ...merged, path });
    else tree.remove(path);
  }
  // What is taken away comes first: a file may become a folder, or a folder a file.
  for (const { path, mode, id } of puts) {
    const above = tree.fileAbove(path);
    if (above !== undefined) conflicts.add(above);
    else if (tree.at(path)?.kind === "folder") conflicts.add(path);
    else tree.put(path, mode, id);
  }
  return { treeId: tree.write(), conflicts: [...conflicts].sort(compareBytes) };
}

function changesOf(objects: ObjectStore, baseId: string, sideId: string): SideChanges {
  const changes = treeDiff(objects, baseId, sideId);
  const renames = new Map<ByteString, FileSide>();
  for (const { from, to } of pairExactRenames(changes)) {
    if (from === undefined || to === undefined || from.path === to.path) continue;
    // Empty files are all the same; that one vanished where another came says nothing.
    if (objects.blob(from.id).length > 0) renames.set(from.path, to);
  }
  return { byPath: new Map(changes.map((change) => [(change.from ?? change.to).path, change])), renames };
}

/** Where one side moved a file, what the other side did with it happens at the new path, on both sides. */
function followRenames(side: SideChanges, other: SideChanges, conflicts: Set<ByteString>): void {
  for (const [path, moved] of side.renames) {
    const theirs = other.byPath.get(path);
    if (theirs?.from === undefined) continue;
    if (theirs.to === undefined) {
      const elsewhere = other.renames.get(path);
      if (elsewhere?.path === moved.path) continue;
      conflicts.add(moved.path);
      if (elsewhere !== undefined) conflicts.add(path).add(elsewhere.path);
      continue;
    }
    if (other.byPath.has(moved.path)) {
      conflicts.add(moved.path);
      continue;
    }
    const from = { ...theirs.from, path: moved.path };
    side.byPath.set(moved.path, { from, to: moved });
    other.byPath.set(moved.path, { from, to: { ...theirs.to, path: moved.path } });
    // Both sides now agree that it is gone from where it was.
    other.byPath.set(path, { from: theirs.from, to: undefined });
  }
}

/** The file that both sides come to; undefined when it is gone. */
function mergeFile(
  objects: ObjectStore,
  path: ByteString,
  ours: FileChange | undefined,
  theirs: FileChange,
  conflicts: Set<ByteString>,
): Omit<FileSide, "path"> | undefined {
  if (ours === undefined) return theirs.to;
  if (ours.to === undefined || theirs.to === undefined) {
    if (ours.to !== theirs.to) conflicts.add(path);
    return ours.to ?? theirs.to;
  }
  const base = theirs.from;
  const [mode, modeIsClean] = pick(base?.mode, ours.to.mode, theirs.to.mode);
  const [id, idIsClean] = pick(base?.id, ours.to.id, theirs.to.id);
  if (!modeIsClean) conflicts.add(path);
  if (idIsClean) return { mode, id };
  const before = base === undefined ? new Uint8Array() : objects.blob(base.id);
  const merge = mergeText(before, objects.blob(ours.to.id), objects.blob(theirs.to.id));
  if (!merge.clean) conflicts.add(path);
  return { mode, id: objects.write("blob", merge.content) };
}

/** The side that is not like the base; ours, and not clean, when none is. */
function pick<T>(base: T | undefined, ours: T, theirs: T): [T, boolean] {
  if (ours === theirs || theirs === base) return [ours, true];
  return ours === base ? [theirs, true] : [ours, false];
}
