import { create } from "@bufbuild/protobuf";
import type { CallOptions } from "../call-options.ts";
import type { GitBranch } from "../domain/branch.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { CommitResult } from "../domain/results.ts";
import { ConflictError, GitError, type GitErrorCode, NotFoundError, ValidationError } from "../errors.ts";
import type { CommitFiles } from "../requests.ts";
import { defaultBranch, findBranch } from "./branches.ts";
import type { Connection } from "./connection.ts";
import type { Conversation } from "./conversation.ts";
import { as, gitError } from "./error-of-status.ts";
import { conflictOfExisting } from "./expected-absence.ts";
import { fileActionMessages } from "./file-action-messages.ts";
import {
  OperationService,
  type UserCommitFilesRequest,
  UserCommitFilesRequestSchema,
  type UserCommitFilesResponse,
} from "./generated/operations_pb.ts";
import { repositoryMessage, userMessage } from "./message-shape.ts";
import { namingReference } from "./reference-conflict.ts";
import { RepeatableActions, tooLargeToRepeat } from "./repeatable-actions.ts";
import { bytesOf } from "./text.ts";
import { checkId, checkNotEmpty, checkShortName, isZeroId } from "./validate.ts";

const { userCommitFiles } = OperationService.method;

export async function commitFiles(
  server: Connection,
  repo: GitRepo,
  request: CommitFiles,
  options?: CallOptions,
): Promise<CommitResult> {
  const { branch, message, expectedOldId = "" } = request;
  checkShortName("branch", branch);
  checkNotEmpty("message", message);
  if (expectedOldId !== "") checkId("expectedOldId", expectedOldId);
  const header = headerOf(repo, request);
  const actions = new RepeatableActions(request.actions);
  const commit = (start: string | undefined) =>
    server.converse(
      userCommitFiles,
      options,
      {
        effect: expectedOldId === "" ? "change" : "conditional-change",
        checkAgain: isZeroId(expectedOldId)
          ? async () => void (await startOf(server, repo, request, options))
          : undefined,
      },
      (conversation) => send(conversation, firstMessage(header, start), actions),
    );
  try {
    if (expectedOldId === "" && actions.givenAgain) {
      const answer = await commitOnItself(commit, branch, () => findBranch(server, repo, branch, options));
      if (answer !== undefined) return resultOf(answer);
    }
    return resultOf(await commit(await startOf(server, repo, request, options)));
  } catch (error) {
    throw namingReference(inWordsOfFiles(error), `refs/heads/${branch}`, expectedOldId);
  } finally {
    await actions.close();
  }
}

/** What a server may say to a start that does not exist; it has changed nothing then. */
const START_REFUSED: ReadonlySet<GitErrorCode> = new Set([
  "NOT_FOUND",
  "INVALID_ARGUMENT",
  "FAILED_PRECONDITION",
  "INTERNAL",
  "UNKNOWN",
]);

/**
 * Most commits go to a branch that exists. One that says to start there needs no question before: it is refused where the
 * branch does not exist, and only then it has to be asked whether that was the cause. Undefined when it was.
 */
async function commitOnItself(
  commit: (start: string) => Promise<UserCommitFilesResponse>,
  branch: string,
  find: () => Promise<GitBranch | null>,
): Promise<UserCommitFilesResponse | undefined> {
  try {
    return await commit(branch);
  } catch (error) {
    if (!(error instanceof GitError) || !mayBeForTheStart(error)) throw error;
    // Somebody else may have made it meanwhile.
    return (await find()) === null ? undefined : commit(branch);
  }
}

/** What a file was refused for, its detail says. */
function mayBeForTheStart({ code, detail, outcomeUnknown }: GitError): boolean {
  return START_REFUSED.has(code) && detail?.kind !== "index_update" && !outcomeUnknown;
}

function firstMessage(header: ReturnType<typeof headerOf>, start: string | undefined): UserCommitFilesRequest {
  return create(UserCommitFilesRequestSchema, {
    userCommitFilesRequestPayload: { case: "header", value: { ...header, startBranchName: bytesOf(start ?? "") } },
  });
}

async function send(
  conversation: Conversation<typeof userCommitFiles>,
  header: UserCommitFilesRequest,
  actions: RepeatableActions,
): Promise<UserCommitFilesResponse> {
  if (!actions.repeatable) throw tooLargeToRepeat();
  // No server takes an action without anything in it.
  conversation.spoilWith(create(UserCommitFilesRequestSchema));
  if (await conversation.write(header)) await conversation.during(sendActions(conversation, actions));
  return conversation.last();
}

/** Stops early when the server has answered already: it will have said why. */
async function sendActions(
  conversation: Conversation<typeof userCommitFiles>,
  actions: RepeatableActions,
): Promise<void> {
  for await (const action of actions) {
    for (const message of fileActionMessages(action)) {
      if (!(await conversation.write(message))) return;
    }
  }
  conversation.halfClose();
}

function headerOf(repo: GitRepo, { branch, message, user, author, expectedOldId = "" }: CommitFiles) {
  if (author !== undefined) {
    checkNotEmpty("author.name", author.name.trim());
    checkNotEmpty("author.email", author.email.trim());
  }
  return {
    repository: repositoryMessage(repo),
    user: userMessage(user),
    branchName: bytesOf(branch),
    commitMessage: bytesOf(message),
    commitAuthorName: bytesOf(author?.name ?? ""),
    commitAuthorEmail: bytesOf(author?.email ?? ""),
    expectedOldOid: isZeroId(expectedOldId) ? "" : expectedOldId,
  };
}

/**
 * Where the branch starts if it has to be made: servers neither ignore a start for a branch that exists, nor take the
 * default branch by themselves, nor zeros as the expected id. So it has to be known whether the branch exists.
 */
export async function startOf(
  server: Connection,
  repo: GitRepo,
  { branch, startBranch, expectedOldId = "" }: Pick<CommitFiles, "branch" | "startBranch" | "expectedOldId">,
  options?: CallOptions,
): Promise<string | undefined> {
  if (expectedOldId !== "" && !isZeroId(expectedOldId)) return undefined;
  const existing = await findBranch(server, repo, branch, options);
  if (existing !== null) {
    if (expectedOldId === "") return undefined;
    throw conflictOfExisting(`refs/heads/${branch}`, expectedOldId, existing.commit.id);
  }
  if (startBranch !== undefined) {
    checkNotEmpty("startBranch", startBranch);
    if ((await findBranch(server, repo, startBranch, options)) !== null) return startBranch;
    throw new NotFoundError(`branch not found: ${startBranch}`, {
      code: "NOT_FOUND",
      detail: { kind: "reference_not_found", reference: `refs/heads/${startBranch}` },
    });
  }
  const start = await defaultBranch(server, repo, options);
  if (start === undefined || start === branch) return undefined;
  return (await findBranch(server, repo, start, options)) === null ? undefined : start;
}

function resultOf({ branchUpdate, indexError, preReceiveError }: UserCommitFilesResponse): CommitResult {
  if (preReceiveError !== "") {
    const detail = { kind: "custom_hook", hookOutput: preReceiveError };
    throw gitError(preReceiveError, { code: "PERMISSION_DENIED", detail });
  }
  if (indexError !== "") throw new ConflictError(indexError, { code: "FAILED_PRECONDITION" });
  if (branchUpdate === undefined) throw gitError("the server answered without the commit", { code: "INTERNAL" });
  return { commitId: branchUpdate.commitId, branchCreated: branchUpdate.branchCreated };
}

function inWordsOfFiles(error: unknown): unknown {
  if (!(error instanceof GitError)) return error;
  // A file that an action needs, and that is not there, is in its way as one that is there and should not be.
  if (error instanceof NotFoundError && error.detail?.kind === "index_update") return as(error, ConflictError);
  // The id that was expected is none of the repository's.
  if (error instanceof ValidationError && /cannot resolve expected old object ID/.test(error.message)) {
    return as(error, ConflictError);
  }
  if (error.code === "INTERNAL" && error.message.startsWith("invalid path")) return as(error, ValidationError);
  return error;
}
