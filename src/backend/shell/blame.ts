import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { isOid } from "../../domain/oid.ts";
import { unquotePath } from "../../domain/quote-path.ts";
import type { BlamedLines, BlameQuery, RepositoryView } from "../backend.ts";
import { missingCommit } from "./history-errors.ts";
import { lineRecords } from "./null-records.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";
import { canBePath } from "./tree-path.ts";

/** Groups of one file that are held in memory until they are in order. */
const GROUPS_MAX = 1_000_000;
const BATCH_MAX = 1000;

/** Who wrote which lines, through `git blame --incremental`: each group says all of itself, and no content comes along. */
export async function* blame(
  runner: GitRunner,
  view: RepositoryView,
  query: BlameQuery,
): AsyncGenerator<BlamedLines[]> {
  const { commit, path } = query;
  if (!isOid(commit, view.objectFormat)) throw new OperationError("object_not_found", { oid: commit });
  const range = rangeOf(query);
  // Others would be tidied up by git, and found.
  if (!canBePath(path)) throw new OperationError("path_not_found", { path });
  const flags = range === undefined ? [] : [range];
  // Neither of the two needs `--end-of-options`, which blame does not know: an object id, and what stands after `--`.
  // A write for each group wakes us for each (git(1), GIT_FLUSH).
  const env: Readonly<Record<string, string>> = { GIT_FLUSH: query.asFound === true ? "1" : "0" };
  const output = runner.stream(view, { command: "blame", flags: [...flags, commit], paths: [path], env });
  const groups: BlamedLines[] = [];
  try {
    for await (const found of groupsOf(output)) {
      if (query.asFound === true) yield found;
      else groups.push(...found);
      if (groups.length <= GROUPS_MAX) continue;
      throw new OperationError("too_large", {
        what: "groups of lines",
        sizeBytes: groups.length,
        limitBytes: GROUPS_MAX,
      });
    }
  } catch (error) {
    throw problemOf(query, error) ?? error;
  }
  groups.sort((a, b) => a.finalLine - b.finalLine);
  yield* batches(joined(groups));
}

function rangeOf({ firstLine, lastLine }: BlameQuery): ByteString | undefined {
  for (const [field, line] of Object.entries({ firstLine, lastLine })) {
    if (line !== undefined && !(Number.isSafeInteger(line) && line >= 1)) {
      throw new OperationError("invalid_input", { field, problem: "is not a number of a line, counted from 1" });
    }
  }
  if (firstLine !== undefined && lastLine !== undefined && lastLine < firstLine) {
    throw new OperationError("invalid_input", { field: "lastLine", problem: "is before firstLine" });
  }
  if (firstLine === undefined && lastLine === undefined) return undefined;
  return `-L${firstLine ?? 1},${lastLine ?? ""}`;
}

/** `<commit> <line in the original> <line in the final file> <lines>` begins a group, `filename` ends it (git-blame(1)). */
const HEADER = /^([0-9a-f]+) ([0-9]+) ([0-9]+) ([0-9]+)$/;

async function* groupsOf(output: AsyncIterable<Buffer>): AsyncGenerator<BlamedLines[]> {
  // A commit is named in many groups: each name is kept once.
  const names = new Map<ByteString, ByteString>();
  const once = (name: ByteString) => {
    const known = names.get(name);
    if (known === undefined) names.set(name, name);
    return known ?? name;
  };
  let header: RegExpExecArray | null = null;
  let previous: BlamedLines["previous"];
  for await (const lines of lineRecords(output)) {
    const groups: BlamedLines[] = [];
    for (const line of lines) {
      if (header === null) {
        header = HEADER.exec(line);
      } else if (line.startsWith("previous ")) {
        const space = line.indexOf(" ", 9);
        previous = { commitOid: once(line.slice(9, space)), path: once(pathOf(line.slice(space + 1))) };
      } else if (line.startsWith("filename ")) {
        groups.push({
          commitOid: once(header[1]!),
          originalLine: Number(header[2]),
          finalLine: Number(header[3]),
          lineCount: Number(header[4]),
          originalPath: once(pathOf(line.slice(9))),
          ...(previous === undefined ? {} : { previous }),
        });
        header = null;
        previous = undefined;
      }
    }
    if (groups.length > 0) yield groups;
  }
}

function pathOf(written: ByteString): GitPath {
  return unquotePath(written) ?? written;
}

/** Git finds neighbours of one origin apart from each other; its other formats join them as well. */
function* joined(groups: readonly BlamedLines[]): Generator<BlamedLines> {
  let last: BlamedLines | undefined;
  for (const group of groups) {
    if (last !== undefined && goesOn(last, group)) {
      last = { ...last, lineCount: last.lineCount + group.lineCount };
      continue;
    }
    if (last !== undefined) yield last;
    last = group;
  }
  if (last !== undefined) yield last;
}

function goesOn(last: BlamedLines, next: BlamedLines): boolean {
  return (
    next.commitOid === last.commitOid &&
    next.originalPath === last.originalPath &&
    next.originalLine === last.originalLine + last.lineCount &&
    next.finalLine === last.finalLine + last.lineCount
  );
}

function* batches(groups: Iterable<BlamedLines>): Generator<BlamedLines[]> {
  let batch: BlamedLines[] = [];
  for (const group of groups) {
    batch.push(group);
    if (batch.length < BATCH_MAX) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function problemOf({ commit, path, firstLine }: BlameQuery, error: unknown): OperationError | undefined {
  const stderr = stderrOf(error);
  if (stderr === undefined) return undefined;
  const cause = { cause: error };
  if (/^fatal: no such path /m.test(stderr)) return new OperationError("path_not_found", { path }, cause);
  if (/^fatal: Non commit /m.test(stderr)) return new OperationError("not_a_commit", { oid: commit }, cause);
  const lines = /^fatal: file .* has only ([0-9]+) lines?$/ms.exec(stderr)?.[1];
  if (lines !== undefined) {
    const field = firstLine === undefined ? "lastLine" : "firstLine";
    return new OperationError(
      "invalid_input",
      { field, problem: `is behind the end: the file has ${lines} lines` },
      cause,
    );
  }
  return missingCommit(error);
}
