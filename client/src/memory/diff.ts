import type { GitDiffEntry, GitDiffStat } from "../domain/diff.ts";
import type { DiffRange } from "../requests.ts";
import { toByteString, toBytes, toText } from "./byte-string.ts";
import type { MemoryRepository } from "./memory-repository.ts";
import type { ObjectStore } from "./object-store.ts";
import { type Patch, patchOf } from "./patch.ts";
import { rawDiffOf } from "./raw-diff.ts";
import { isBinary } from "./text-lines.ts";
import { type FileChange, type FileSide, pairExactRenames, pathFilter, treeDiff } from "./tree-diff.ts";

/** What changed in a file, and its patch; a binary file has none. */
export interface FileDiff {
  readonly change: FileChange;
  readonly binary: boolean;
  readonly patch: Patch;
}

/** File by file, in Git's order; patches are made when they are asked for. */
function* fileDiffs(repository: MemoryRepository, range: DiffRange): Generator<FileDiff> {
  const { objects } = repository;
  const filter = pathFilter((range.paths ?? []).map(toByteString));
  const changes = treeDiff(objects, repository.treeAt(range.from), repository.treeAt(range.to), filter);
  for (const change of pairExactRenames(changes)) yield fileDiff(objects, change);
}

const NO_PATCH: Patch = { text: "", linesAdded: 0, linesRemoved: 0 };

/** The difference of one file. */
export function fileDiff(objects: ObjectStore, change: FileChange): FileDiff {
  const { from, to } = change;
  if (from?.id === to?.id) return { change, binary: false, patch: NO_PATCH };
  const content = (side: FileSide | undefined) => (side === undefined ? new Uint8Array() : objects.blob(side.id));
  const [before, after] = [content(from), content(to)];
  const binary = isBinary(before) || isBinary(after);
  return { change, binary, patch: binary ? NO_PATCH : patchOf(before, after) };
}

/** The entries of `commitDiff`. */
export function* diffEntries(repository: MemoryRepository, range: DiffRange): Generator<GitDiffEntry> {
  const { zeroId } = repository.objects;
  for (const { change, binary, patch } of fileDiffs(repository, range)) {
    const { from, to } = change;
    yield {
      fromPath: toText((from ?? to).path),
      toPath: toText((to ?? from).path),
      fromId: from?.id ?? zeroId,
      toId: to?.id ?? zeroId,
      oldMode: from?.mode ?? 0,
      newMode: to?.mode ?? 0,
      binary,
      patch: Uint8Array.from(toBytes(patch.text)),
      linesAdded: patch.linesAdded,
      linesRemoved: patch.linesRemoved,
    };
  }
}

/** What `git diff --full-index` prints, file by file. */
export function* rawDiffPieces(repository: MemoryRepository, range: DiffRange): Generator<Uint8Array> {
  for (const diff of fileDiffs(repository, range)) {
    yield Uint8Array.from(toBytes(rawDiffOf(diff, repository.objects.zeroId)));
  }
}

/** Lines added and removed, file by file; none of binary files. */
export function* diffStats(repository: MemoryRepository, range: DiffRange): Generator<GitDiffStat> {
  for (const { change, patch } of fileDiffs(repository, range)) {
    const { from, to } = change;
    const path = toText((to ?? from).path);
    const renamed = from !== undefined && to !== undefined && from.path !== to.path;
    const oldPath = renamed ? { oldPath: toText(from.path) } : {};
    yield { path, ...oldPath, additions: patch.linesAdded, deletions: patch.linesRemoved };
  }
}
