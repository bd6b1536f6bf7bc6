import type { CallOptions } from "../call-options.ts";
import type { GitDiffEntry } from "../domain/diff.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { DiffRange } from "../requests.ts";
import type { Connection } from "./connection.ts";
import { DiffAssembly } from "./diff-assembly.ts";
import { DiffService } from "./generated/diff_pb.ts";
import { repositoryMessage } from "./message-shape.ts";
import { blameRevision } from "./missing.ts";
import { PathFilter } from "./path-filter.ts";
import { bytesOf } from "./text.ts";
import { checkNotEmpty } from "./validate.ts";

const methods = DiffService.method;

export async function commitDiff(
  server: Connection,
  repo: GitRepo,
  range: DiffRange,
  options?: CallOptions,
): Promise<GitDiffEntry[]> {
  try {
    const diff = await server.collect(methods.commitDiff, diffRequest(repo, range), options, () => new DiffAssembly());
    const wanted = wantedIn(range);
    return diff.end().filter(wanted);
  } catch (error) {
    throw await blameRevision(server, repo, error, [range.from, range.to], options);
  }
}

export async function* streamCommitDiff(
  server: Connection,
  repo: GitRepo,
  range: DiffRange,
  options?: CallOptions,
): AsyncGenerator<GitDiffEntry, void, undefined> {
  const assembly = new DiffAssembly();
  const wanted = wantedIn(range);
  try {
    for await (const message of server.stream(methods.commitDiff, diffRequest(repo, range), options)) {
      assembly.take(message);
      yield* assembly.finished().filter(wanted);
    }
    yield* assembly.end().filter(wanted);
  } catch (error) {
    throw await blameRevision(server, repo, error, [range.from, range.to], options);
  }
}

/** No limit is asked for: patches are wanted whole. */
function diffRequest(repo: GitRepo, range: DiffRange) {
  const { paths = [] } = range;
  return { ...sidesOf(repo, range), paths: paths.some(isPattern) ? [] : paths.map(bytesOf) };
}

/** Servers take paths for patterns; those that would be some are picked out here instead. */
function isPattern(path: string): boolean {
  return path.startsWith(":") || /[*?[\\]/.test(path);
}

function wantedIn({ paths = [] }: DiffRange): (entry: GitDiffEntry) => boolean {
  if (!paths.some(isPattern)) return () => true;
  const filter = new PathFilter(paths);
  return ({ fromPath, toPath }) => filter.has(fromPath) || filter.has(toPath);
}

export function sidesOf(repo: GitRepo, { from, to, paths = [] }: DiffRange) {
  checkNotEmpty("from", from);
  checkNotEmpty("to", to);
  for (const path of paths) checkNotEmpty("path", path);
  return { repository: repositoryMessage(repo), leftCommitId: from, rightCommitId: to };
}
