import type { ByteString } from "../../domain/bytes.ts";
import type { DiffEntry, DiffStatus } from "../../domain/diff.ts";
import type { GitPath } from "../../domain/git-object.ts";

const STATUSES: Readonly<Record<string, DiffStatus>> = {
  A: "added",
  M: "modified",
  D: "deleted",
  T: "type-changed",
  R: "renamed",
  C: "copied",
};

/** The part of a raw diff record before its paths (git-diff-tree(1), "Raw output format"). */
export type RawRecord = Omit<DiffEntry, "oldPath" | "newPath">;

/** How many paths follow a record: renames and copies have two. */
export function pathsOf(record: RawRecord): 1 | 2 {
  return record.status === "renamed" || record.status === "copied" ? 2 : 1;
}

/** Parses `:oldmode newmode oldoid newoid status[score]`. */
export function parseRawRecord(text: ByteString): RawRecord {
  const [oldMode, newMode, oldOid, newOid, status] = text.slice(1).split(" ");
  return {
    status: STATUSES[status![0]!] ?? "modified",
    score: Number(status!.slice(1)),
    oldMode: Number.parseInt(oldMode!, 8),
    newMode: Number.parseInt(newMode!, 8),
    oldOid: oldOid!,
    newOid: newOid!,
  };
}

/**
 * Parses a record of a merge against all its parents (git-diff-tree(1), "diff format for merges"): one colon, old mode, old id and
 * status for each parent. Gives a row for each parent.
 */
export function parseCombinedRecord(text: ByteString, path: GitPath): DiffEntry[] {
  const parents = /^:+/.exec(text)![0].length;
  const fields = text.slice(parents).split(" ");
  const statuses = fields[2 * parents + 2]!;
  return Array.from({ length: parents }, (_, parent) => ({
    status: STATUSES[statuses[parent]!] ?? "modified",
    score: 0,
    oldPath: path,
    newPath: path,
    oldMode: Number.parseInt(fields[parent]!, 8),
    newMode: Number.parseInt(fields[parents]!, 8),
    oldOid: fields[parents + 1 + parent]!,
    newOid: fields[2 * parents + 1]!,
  }));
}
