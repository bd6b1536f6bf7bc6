import type { CallOptions } from "../call-options.ts";
import type { GitRepo } from "../domain/repo.ts";
import { GitError, NotFoundError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { as } from "./error-of-status.ts";
import { CommitService } from "./generated/commit_pb.ts";
import { repositoryMessage } from "./message-shape.ts";
import { repoExists } from "./repositories.ts";
import { bytesOf } from "./text.ts";
import { isZeroId } from "./validate.ts";

// Servers do not always tell what is missing: these ask again where an answer can mean several things.

/** `null` when the error says that the thing is missing from a repository that exists; throws it otherwise. */
export async function nullIfMissing(
  server: Connection,
  repo: GitRepo,
  error: unknown,
  options?: CallOptions,
): Promise<null> {
  if (!(error instanceof NotFoundError)) throw error;
  if (error.detail?.reference !== undefined) return null;
  if (await repoExists(server, repo, options)) return null;
  throw error;
}

/** The ids of the empty tree, which diffs may start from and which is no commit. */
const EMPTY_TREES = new Set([
  "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
]);

/**
 * `NotFoundError` when one of the revisions names no commit, else the error itself. Only for errors whose cause can be a
 * missing revision: each is looked up.
 */
export async function blameRevision(
  server: Connection,
  repo: GitRepo,
  error: unknown,
  revisions: readonly string[],
  options?: CallOptions,
): Promise<unknown> {
  const unclear = ["INTERNAL", "FAILED_PRECONDITION", "INVALID_ARGUMENT", "UNKNOWN"];
  if (!(error instanceof GitError) || !unclear.includes(error.code) || error.detail !== undefined) return error;
  for (const revision of revisions) {
    if (EMPTY_TREES.has(revision)) continue;
    try {
      if (isZeroId(revision) || !(await isCommit(server, repo, revision, options))) {
        return as(error, NotFoundError, `revision not found: ${revision}`);
      }
    } catch {
      // Then the first error is the one to tell.
      return error;
    }
  }
  return error;
}

async function isCommit(server: Connection, repo: GitRepo, revision: string, options?: CallOptions): Promise<boolean> {
  const request = { repository: repositoryMessage(repo), revision: bytesOf(revision) };
  try {
    return (await server.unary(CommitService.method.findCommit, request, options)).commit !== undefined;
  } catch (error) {
    // Some servers answer so, and the repository exists: it was the first call's.
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}
