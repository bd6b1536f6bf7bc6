import type { CallOptions } from "../call-options.ts";
import type { GitDiffStat } from "../domain/diff.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { DiffRange } from "../requests.ts";
import { sidesOf } from "./commit-diffs.ts";
import type { Connection } from "./connection.ts";
import { DiffService, type DiffStatsResponse, type RawDiffResponse } from "./generated/diff_pb.ts";
import { blameRevision } from "./missing.ts";
import { PathFilter } from "./path-filter.ts";
import { Pieces } from "./pieces.ts";
import { RawDiffFilter } from "./raw-diff-filter.ts";
import { plainBytes, textOf } from "./text.ts";

const methods = DiffService.method;

export async function rawDiff(
  server: Connection,
  repo: GitRepo,
  range: DiffRange,
  options?: CallOptions,
): Promise<Uint8Array> {
  try {
    const { pieces, filter } = await server.collect(methods.rawDiff, sidesOf(repo, range), options, () => {
      const pieces = new Pieces();
      const filter = filterOf(range);
      return {
        pieces,
        filter,
        take({ data }: RawDiffResponse) {
          if (filter === undefined) pieces.add(data);
          else for (const piece of filter.push(data)) pieces.add(piece);
        },
      };
    });
    for (const piece of filter?.end() ?? []) pieces.add(piece);
    return pieces.join();
  } catch (error) {
    throw await blameRevision(server, repo, error, [range.from, range.to], options);
  }
}

export async function* streamRawDiff(
  server: Connection,
  repo: GitRepo,
  range: DiffRange,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const filter = filterOf(range);
  try {
    for await (const { data } of server.stream(methods.rawDiff, sidesOf(repo, range), options)) {
      if (filter !== undefined) yield* filter.push(data);
      else if (data.byteLength > 0) yield plainBytes(data);
    }
    yield* filter?.end() ?? [];
  } catch (error) {
    throw await blameRevision(server, repo, error, [range.from, range.to], options);
  }
}

export async function diffStats(
  server: Connection,
  repo: GitRepo,
  range: DiffRange,
  options?: CallOptions,
): Promise<GitDiffStat[]> {
  const wanted = new PathFilter(range.paths);
  try {
    const { stats } = await server.collect(methods.diffStats, sidesOf(repo, range), options, () => {
      const stats: GitDiffStat[] = [];
      return {
        stats,
        take(message: DiffStatsResponse) {
          for (const { path, oldPath, additions, deletions } of message.stats) {
            const stat = { path: textOf(path), additions, deletions };
            const before = textOf(oldPath);
            if (!wanted.has(stat.path) && !(before !== "" && wanted.has(before))) continue;
            stats.push(before === "" || before === stat.path ? stat : { ...stat, oldPath: before });
          }
        },
      };
    });
    return stats;
  } catch (error) {
    throw await blameRevision(server, repo, error, [range.from, range.to], options);
  }
}

/** The protocol has paths for one kind of diff alone; from the others the files that are not wanted are taken out here. */
function filterOf({ paths = [] }: DiffRange): RawDiffFilter | undefined {
  return paths.length === 0 ? undefined : new RawDiffFilter(new PathFilter(paths));
}
