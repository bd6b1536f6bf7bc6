import type { CallOptions } from "../call-options.ts";
import type { GitCommit } from "../domain/commit.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { ListCommits } from "../requests.ts";
import { commitOf } from "./commit-conversion.ts";
import type { Connection } from "./connection.ts";
import { CommitService, type ListCommitsResponse } from "./generated/commit_pb.ts";
import { repositoryMessage } from "./message-shape.ts";
import { blameRevision, nullIfMissing } from "./missing.ts";
import { bytesOf } from "./text.ts";
import { checkId, checkNotEmpty, invalid } from "./validate.ts";

const methods = CommitService.method;

export async function findCommit(
  server: Connection,
  repo: GitRepo,
  revision: string,
  options?: CallOptions,
): Promise<GitCommit | null> {
  checkNotEmpty("revision", revision);
  const request = { repository: repositoryMessage(repo), revision: bytesOf(revision) };
  try {
    const { commit } = await server.unary(methods.findCommit, request, options);
    return commit === undefined ? null : commitOf(commit);
  } catch (error) {
    return nullIfMissing(server, repo, error, options);
  }
}

export async function listCommits(
  server: Connection,
  repo: GitRepo,
  request: ListCommits,
  options?: CallOptions,
): Promise<GitCommit[]> {
  try {
    const { commits } = await server.collect(methods.listCommits, listRequest(repo, request), options, () => {
      const commits: GitCommit[] = [];
      return {
        commits,
        take(message: ListCommitsResponse) {
          for (const commit of message.commits) commits.push(commitOf(commit));
        },
      };
    });
    return commits;
  } catch (error) {
    throw await blameRevision(server, repo, error, revisionsIn(request), options);
  }
}

export async function* streamCommits(
  server: Connection,
  repo: GitRepo,
  request: ListCommits,
  options?: CallOptions,
): AsyncGenerator<GitCommit, void, undefined> {
  try {
    for await (const { commits } of server.stream(methods.listCommits, listRequest(repo, request), options)) {
      for (const commit of commits) yield commitOf(commit);
    }
  } catch (error) {
    throw await blameRevision(server, repo, error, revisionsIn(request), options);
  }
}

export async function isAncestor(
  server: Connection,
  repo: GitRepo,
  request: { readonly ancestor: string; readonly descendant: string },
  options?: CallOptions,
): Promise<boolean> {
  checkNotEmpty("ancestor", request.ancestor);
  checkNotEmpty("descendant", request.descendant);
  const { value } = await server.unary(
    methods.commitIsAncestor,
    { repository: repositoryMessage(repo), ancestorId: request.ancestor, childId: request.descendant },
    options,
  );
  return value;
}

function listRequest(repo: GitRepo, { revisions, page, paths = [] }: ListCommits) {
  if (revisions.length === 0) throw invalid("revisions is empty");
  for (const revision of revisions) checkNotEmpty("revision", revision);
  if (page?.after !== undefined) checkId("page.after", page.after);
  const limit = page?.limit ?? 0;
  if (page?.limit !== undefined && (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)) {
    throw invalid(`page.limit is not between 1 and ${LIMIT_MAX}: ${limit}`);
  }
  return {
    repository: repositoryMessage(repo),
    revisions: [...revisions],
    // No limit is all of them; but that is only so where there is nothing to page by.
    ...(page === undefined ? {} : { paginationParams: { pageToken: page.after ?? "", limit } }),
    paths: paths.map(bytesOf),
  };
}

const LIMIT_MAX = 2 ** 31 - 1;

/** `^a`, `a..b` and `a...b` name commits, too; options do not. */
function revisionsIn({ revisions }: ListCommits): string[] {
  return revisions
    .filter((revision) => !revision.startsWith("-"))
    .flatMap((revision) => revision.replace(/^\^/, "").split(/\.{2,3}/))
    .filter((revision) => revision !== "");
}
