import type { CallOptions } from "../call-options.ts";
import type { GitDiffEntry } from "../domain/diff.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { DiffRange } from "../requests.ts";
import type { Connection } from "./connection.ts";
import { DiffAssembly } from "./diff-assembly.ts";
import { DiffService } from "./generated/diff_pb.ts";
import { repositoryMessage } from "./message-shape.ts";
import { blameRevision } from "./missing.ts";
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
    return diff.end();
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
  try {
    for await (const message of server.stream(methods.commitDiff, diffRequest(repo, range), options)) {
      assembly.take(message);
      yield* assembly.finished();
    }
    yield* assembly.end();
  } catch (error) {
    throw await blameRevision(server, repo, error, [range.from, range.to], options);
  }
}

/** No limit is asked for: patches are wanted whole. */
function diffRequest(repo: GitRepo, range: DiffRange) {
  return { ...sidesOf(repo, range), paths: (range.paths ?? []).map(bytesOf) };
}

export function sidesOf(repo: GitRepo, { from, to, paths = [] }: DiffRange) {
  checkNotEmpty("from", from);
  checkNotEmpty("to", to);
  for (const path of paths) checkNotEmpty("path", path);
  return { repository: repositoryMessage(repo), leftCommitId: from, rightCommitId: to };
}
