import type { ByteString } from "../../domain/bytes.ts";
import type { DiffStat } from "../../domain/diff.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, OID_HEX_LENGTH, type Oid } from "../../domain/oid.ts";
import type { ChangedPath, ChangedPathsRequest, DiffFacet, DiffSpec, RepositoryView } from "../backend.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import { parseCombinedRecord, parseRawRecord } from "./diff-record.ts";
import { nullRecords } from "./null-records.ts";
import { parsePatches } from "./patches.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";

/** Diffs through `git diff-tree`. */
export function createDiff(runner: GitRunner, pool: CatFilePool): DiffFacet {
  return {
    async *patches(view: RepositoryView, spec: DiffSpec) {
      requireOids(view, [spec.left, spec.right]);
      const run = {
        command: "patches",
        flags: flagsOf(spec),
        operands: [spec.left, spec.right],
        paths: spec.paths ?? [],
      } as const;
      try {
        yield* parsePatches(runner.stream(view, run), runner.limits.objectBytesMax);
      } catch (error) {
        throw missingObject(error) ?? error;
      }
    },

    async *raw(view: RepositoryView, left: Oid, right: Oid) {
      requireOids(view, [left, right]);
      try {
        yield* runner.stream(view, { command: "rawDiff", operands: [left, right] });
      } catch (error) {
        throw missingObject(error) ?? error;
      }
    },

    async *stats(view: RepositoryView, left: Oid, right: Oid) {
      requireOids(view, [left, right]);
      try {
        yield* parseStats(nullRecords(runner.stream(view, { command: "diffStats", operands: [left, right] })));
      } catch (error) {
        throw missingObject(error) ?? error;
      }
    },

    async *changedPaths(
      view: RepositoryView,
      requests: readonly ChangedPathsRequest[],
      merges: "include" | "all-parents",
    ) {
      if (requests.length === 0) return;
      requireOids(view, requests.flatMap(oidsOf));
      const lines = await questionsOf(pool, view, requests);
      const stdin = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const run = { command: "changedPaths", flags: [merges === "include" ? "-m" : "-c"], stdin } as const;
      yield* parseChangedPaths(nullRecords(runner.stream(view, run)), OID_HEX_LENGTH[view.objectFormat]);
    },
  };
}

function flagsOf(spec: DiffSpec): ByteString[] {
  const flags: ByteString[] = [
    spec.renameThreshold === undefined ? "--no-renames" : `--find-renames=${spec.renameThreshold}%`,
  ];
  if (spec.whitespace === "ignore-change") flags.push("--ignore-space-change");
  if (spec.whitespace === "ignore-all") flags.push("--ignore-all-space");
  if (spec.contextLines !== undefined) flags.push(`--unified=${spec.contextLines}`);
  if (spec.wordDiff === true) flags.push("--word-diff=porcelain");
  return flags;
}

function oidsOf(request: ChangedPathsRequest): Oid[] {
  if (request.kind === "trees") return [request.left, request.right];
  return [request.commit, ...(request.parents ?? [])];
}

function requireOids(view: RepositoryView, oids: readonly Oid[]): void {
  const oid = oids.find((candidate) => !isOid(candidate, view.objectFormat));
  if (oid !== undefined) throw new OperationError("object_not_found", { oid });
}

/**
 * The lines that `git diff-tree --stdin` is asked, with the ids as they are in the repository: it passes over what it does not find,
 * and would take a commit in place of a tree for a commit with its parent.
 */
async function questionsOf(
  pool: CatFilePool,
  view: RepositoryView,
  requests: readonly ChangedPathsRequest[],
): Promise<string[]> {
  const oidsAndNames = requests.flatMap((request) =>
    oidsOf(request).map((oid) => ({ oid, name: `${oid}^{${request.kind === "trees" ? "tree" : "commit"}}` })),
  );
  const known = new Map<ByteString, Oid>();
  const names = [...new Set(oidsAndNames.map(({ name }) => name))];
  const infos = await pool.use(view, (process) => process.infoOfMany(names));
  infos.forEach((info, index) => info !== undefined && known.set(names[index]!, info.oid));
  const missing = oidsAndNames.find(({ name }) => !known.has(name));
  if (missing !== undefined) throw new OperationError("object_not_found", { oid: missing.oid });
  let at = 0;
  return requests.map((request) =>
    oidsOf(request)
      .map(() => known.get(oidsAndNames[at++]!.name)!)
      .join(" "),
  );
}

async function* parseStats(batches: AsyncIterable<ByteString[]>): AsyncGenerator<DiffStat[]> {
  // Counts and path; a rename has an empty path, then the old and the new one.
  let counts: { additions: number; deletions: number } | undefined;
  let oldPath: ByteString | undefined;
  for await (const records of batches) {
    const stats: DiffStat[] = [];
    for (const record of records) {
      if (counts === undefined) {
        const [additions, deletions, ...path] = record.split("\t");
        counts = { additions: Number(additions) || 0, deletions: Number(deletions) || 0 };
        if (path.join("\t") === "") continue;
        stats.push({ path: path.join("\t"), ...counts });
      } else if (oldPath === undefined) {
        oldPath = record;
        continue;
      } else {
        stats.push({ path: record, oldPath, ...counts });
      }
      counts = undefined;
      oldPath = undefined;
    }
    if (stats.length > 0) yield stats;
  }
}

async function* parseChangedPaths(
  batches: AsyncIterable<ByteString[]>,
  oidLength: number,
): AsyncGenerator<ChangedPath[]> {
  // A commit is announced by its id; a pair of trees by a line of both ids, which no NUL ends.
  const pair = new RegExp(`^(?:[0-9a-f]{${oidLength}} [0-9a-f]{${oidLength}}\n)+`);
  const commit = new RegExp(`^[0-9a-f]{${oidLength}}$`);
  let commitOid: Oid | "" = "";
  let pending: ByteString | undefined;
  for await (const records of batches) {
    const changes: ChangedPath[] = [];
    for (const found of records) {
      if (pending !== undefined) {
        changes.push(...rowsOf(pending, found).map((row) => ({ ...row, commitOid })));
        pending = undefined;
        continue;
      }
      const record = found.replace(pair, "");
      if (record !== found) commitOid = "";
      if (commit.test(record)) commitOid = record;
      else if (record !== "") pending = record;
    }
    if (changes.length > 0) yield changes;
  }
}

function rowsOf(record: ByteString, path: ByteString) {
  if (record.startsWith("::")) return parseCombinedRecord(record, path);
  return [{ ...parseRawRecord(record), oldPath: path, newPath: path }];
}

const MISSING = /bad object ([0-9a-f]+)|unable to read (?:tree )?\(?([0-9a-f]+)|Could not read ([0-9a-f]+)/;

function missingObject(error: unknown): OperationError | undefined {
  const [, ...oids] = MISSING.exec(stderrOf(error) ?? "") ?? [];
  const oid = oids.find((found) => found !== undefined);
  return oid === undefined ? undefined : new OperationError("object_not_found", { oid }, { cause: error });
}
