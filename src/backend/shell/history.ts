import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { BlameQuery, HistoryFacet, LogQuery, RepositoryView } from "../backend.ts";
import { readShallow } from "../read-shallow.ts";
import { blame } from "./blame.ts";
import type { ChildSlots } from "./child-slots.ts";
import { followLog } from "./follow-log.ts";
import { invalidPattern, missingCommit } from "./history-errors.ts";
import { lineRecords } from "./null-records.ts";
import { revisionArguments, unknownRevision } from "./revision-arguments.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";

/** History through `rev-list`, `merge-base` and `blame`. */
export function createHistory(runner: GitRunner): HistoryFacet {
  const walk = async function* (
    view: RepositoryView,
    flags: readonly ByteString[],
    revisions: readonly ByteString[],
    paths: readonly ByteString[],
  ) {
    const { flags: named, stdin } = revisionArguments(revisions);
    const run = {
      command: "revList",
      flags: [...flags, ...named],
      paths,
      ...(stdin === undefined ? {} : { stdin }),
    } as const;
    try {
      yield* lineRecords(runner.stream(view, run));
    } catch (error) {
      throw unknownRevision(stderrOf(error), error) ?? invalidPattern(error) ?? error;
    }
  };

  return {
    shallow: (view: RepositoryView) => Promise.resolve(readShallow(view)),

    log: (view: RepositoryView, query: LogQuery) => {
      const log =
        query.follow === true
          ? followLog(runner, view, query, flagsOf(query))
          : walk(view, flagsOf(query), query.revisions, query.paths ?? []);
      return query.followed === true ? inPlaceOf(runner.walksFollowed, view, log) : log;
    },

    async isAncestor(view: RepositoryView, ancestor: Oid, descendant: Oid) {
      requireOids(view, ancestor, descendant);
      try {
        return (await runner.run(view, { command: "isAncestor", operands: [ancestor, descendant] })).exitCode === 0;
      } catch (error) {
        throw missingCommit(error) ?? error;
      }
    },

    async mergeBases(view: RepositoryView, a: Oid, b: Oid) {
      requireOids(view, a, b);
      try {
        const { stdout } = await runner.run(view, { command: "mergeBases", operands: [a, b] });
        return stdout.toString("latin1").split("\n").slice(0, -1);
      } catch (error) {
        throw missingCommit(error) ?? error;
      }
    },

    async reachable(view: RepositoryView, tip: Oid, candidates: readonly Oid[]) {
      requireOids(view, tip);
      const left = new Set(candidates);
      // The walk goes on only until the last candidate is found.
      for await (const commits of walk(view, [], [tip], [])) {
        for (const commit of commits) left.delete(commit);
        if (left.size === 0) break;
      }
      return candidates.filter((candidate) => !left.has(candidate));
    },

    async unappliedCommits(view: RepositoryView, upstream: Oid, branch: Oid) {
      requireOids(view, upstream, branch);
      const flags = ["--cherry-pick", "--right-only", "--no-merges", "--topo-order", "--reverse"];
      const commits: Oid[] = [];
      for await (const batch of walk(view, flags, [`${upstream}...${branch}`], [])) commits.push(...batch);
      return commits;
    },

    blame: (view: RepositoryView, query: BlameQuery) => {
      const lines = blame(runner, view, query);
      return query.asFound === true ? inPlaceOf(runner.walksFollowed, view, lines) : lines;
    },
  };
}

/** What is read by somebody who may take his time, in one of the places for that. */
async function* inPlaceOf<T>(
  places: ChildSlots,
  { signal }: RepositoryView,
  walk: AsyncIterable<T>,
): AsyncGenerator<T> {
  await places.take(signal);
  try {
    yield* walk;
  } finally {
    places.give();
  }
}

function flagsOf(query: LogQuery): ByteString[] {
  const flags: ByteString[] = [];
  if (query.order === "topo") flags.push("--topo-order");
  if (query.order === "date") flags.push("--date-order");
  if (query.firstParent === true) flags.push("--first-parent");
  if (query.maxParents !== undefined) flags.push(`--max-parents=${query.maxParents}`);
  // Ages are plain seconds; --since and --until would guess at small numbers.
  if (query.afterSeconds !== undefined) flags.push(`--max-age=${query.afterSeconds}`);
  if (query.beforeSeconds !== undefined) flags.push(`--min-age=${query.beforeSeconds}`);
  if (query.author !== undefined) flags.push(`--author=${query.author}`);
  for (const pattern of query.messagePatterns ?? []) flags.push(`--grep=${pattern}`);
  if (query.ignoreCase === true) flags.push("--regexp-ignore-case");
  if (query.reverse === true) flags.push("--reverse");
  if (query.skip !== undefined) flags.push(`--skip=${query.skip}`);
  if (query.limit !== undefined) flags.push(`--max-count=${query.limit}`);
  // A limit that comes later would let git walk after all.
  if (query.noWalk === true) flags.push("--no-walk=sorted");
  return flags;
}

function requireOids(view: RepositoryView, ...oids: readonly Oid[]): void {
  for (const oid of oids) {
    if (!isOid(oid, view.objectFormat)) throw new OperationError("object_not_found", { oid });
  }
}
