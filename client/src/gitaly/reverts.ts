import type { CallOptions } from "../call-options.ts";
import type { GitCommit } from "../domain/commit.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { RevertResult } from "../domain/results.ts";
import { ConflictError, GitError, NotFoundError } from "../errors.ts";
import type { Revert } from "../requests.ts";
import { startOf } from "./commit-files.ts";
import { findCommit } from "./commits.ts";
import type { Connection } from "./connection.ts";
import { as, gitError } from "./error-of-status.ts";
import {
  OperationService,
  type UserRevertResponse,
  UserRevertResponse_CreateTreeError as CreateTreeError,
} from "./generated/operations_pb.ts";
import { repositoryMessage, userMessage } from "./message-shape.ts";
import { namingReference } from "./reference-conflict.ts";
import { bytesOf } from "./text.ts";
import { checkId, checkNotEmpty, checkShortName, isZeroId } from "./validate.ts";

const { userRevert } = OperationService.method;

/** Asks servers to answer with errors and their details; those that do not know it tell what went wrong in their answer. */
const STRUCTURED_ERRORS = { "gitaly-feature-return-structured-errors-in-revert": "true" };

export async function revert(
  server: Connection,
  repo: GitRepo,
  request: Revert,
  options?: CallOptions,
): Promise<RevertResult> {
  const { commitId, branch, user, message, startBranch, expectedOldId = "" } = request;
  checkId("commitId", commitId);
  checkShortName("branch", branch);
  if (message !== undefined) checkNotEmpty("message", message);
  if (expectedOldId !== "") checkId("expectedOldId", expectedOldId);
  const target = { repository: repositoryMessage(repo), user: userMessage(user) };
  const text = message ?? revertMessage(await foundCommit(server, repo, commitId, options));
  const needsStart = startBranch !== undefined || isZeroId(expectedOldId);
  const start = needsStart ? await startOf(server, repo, request, options) : undefined;
  try {
    const answer = await server.unary(
      userRevert,
      {
        ...target,
        commit: { id: commitId },
        branchName: bytesOf(branch),
        message: bytesOf(text),
        startBranchName: bytesOf(start ?? ""),
        expectedOldOid: isZeroId(expectedOldId) ? "" : expectedOldId,
      },
      options,
      {
        effect: expectedOldId === "" ? "change" : "conditional-change",
        headers: STRUCTURED_ERRORS,
        checkAgain: isZeroId(expectedOldId)
          ? async () => void (await startOf(server, repo, request, options))
          : undefined,
      },
    );
    return resultOf(answer, branch);
  } catch (error) {
    throw namingReference(inWordsOfReverts(error), `refs/heads/${branch}`, expectedOldId);
  }
}

function inWordsOfReverts(error: unknown): unknown {
  if (!(error instanceof GitError)) return error;
  // A branch that has moved is an internal error to this call of the protocol.
  if (error.code === "INTERNAL" && error.message.startsWith("reference update:")) return as(error, ConflictError);
  if (/cannot resolve expected old object ID/.test(error.message)) return as(error, ConflictError);
  if (/resolve start ref/.test(error.message)) return as(error, NotFoundError);
  return error;
}

async function foundCommit(server: Connection, repo: GitRepo, id: string, options?: CallOptions): Promise<GitCommit> {
  const commit = await findCommit(server, repo, id, options);
  if (commit === null) throw new NotFoundError(`commit not found: ${id}`, { code: "NOT_FOUND" });
  return commit;
}

/** As `git revert` words it. */
function revertMessage({ id, subject, parentIds }: GitCommit): string {
  const [, ...others] = parentIds;
  const undone = others.length === 0 ? id : `${id}, reversing\nchanges made to ${parentIds[0]}`;
  return `Revert "${subject}"\n\nThis reverts commit ${undone}.\n`;
}

function resultOf(answer: UserRevertResponse, branch: string): RevertResult {
  const { branchUpdate, createTreeError, createTreeErrorCode, commitError, preReceiveError } = answer;
  if (preReceiveError !== "") {
    const detail = { kind: "custom_hook", hookOutput: preReceiveError };
    throw gitError(preReceiveError, { code: "PERMISSION_DENIED", detail });
  }
  if (createTreeError !== "" || createTreeErrorCode !== CreateTreeError.NONE) {
    const kind = createTreeErrorCode === CreateTreeError.EMPTY ? "changes_already_applied" : "merge_conflict";
    const text = createTreeError === "" ? "revert: could not apply" : createTreeError;
    throw new ConflictError(text, { code: "FAILED_PRECONDITION", detail: { kind } });
  }
  if (commitError !== "") {
    const detail = { kind: "not_ancestor", reference: `refs/heads/${branch}` };
    throw new ConflictError(commitError, { code: "FAILED_PRECONDITION", detail });
  }
  if (branchUpdate === undefined) throw gitError("the server answered without the commit", { code: "INTERNAL" });
  return { commitId: branchUpdate.commitId, branchCreated: branchUpdate.branchCreated };
}
