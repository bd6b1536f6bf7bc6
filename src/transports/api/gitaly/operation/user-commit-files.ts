import { toByteString } from "../../../../domain/bytes.ts";
import { commitFiles } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { OperationService, UserCommitFilesRequestHeader } from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { momentOf, personOf } from "../person.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { fileActionParts } from "./file-action-parts.ts";
import { statusOfCommitFiles } from "./status-of-commit-files.ts";

/** OperationService.UserCommitFiles: a header, then actions with their contents. */
export function userCommitFiles(door: GitalyDoor): MethodHandler<typeof OperationService.method.userCommitFiles> {
  return async (requests, call) => {
    const stream = requests[Symbol.asyncIterator]();
    const { value: first, done } = await stream.next();
    const payload = done === true ? undefined : first.userCommitFilesRequestPayload;
    if (payload?.case !== "header") {
      throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "empty UserCommitFilesRequestHeader");
    }
    const header = payload.value;
    const problem = problemOf(header);
    if (problem !== undefined) throw await invalidArgument(door, call, header.repository, problem);
    try {
      checkCallerIds(door, header);
      const { commitOid, branchCreated, repositoryCreated } = await door.engine.run(
        commitFiles,
        inputOf(header),
        callerOf(call, header),
        fileActionParts(stream),
      );
      return { branchUpdate: { commitId: commitOid, repoCreated: repositoryCreated, branchCreated } };
    } catch (error) {
      throw statusOfCommitFiles(error, header) ?? error;
    }
  };
}

function problemOf(header: UserCommitFilesRequestHeader): string | undefined {
  return firstProblem(
    [header.user === undefined, "empty User"],
    [header.commitMessage.length === 0, "empty CommitMessage"],
    [header.branchName.length === 0, "empty BranchName"],
  );
}

function inputOf(header: UserCommitFilesRequestHeader) {
  const user = header.user!;
  const committer = personOf(user);
  const author = {
    name: header.commitAuthorName.length > 0 ? header.commitAuthorName : committer.name,
    email: header.commitAuthorEmail.length > 0 ? header.commitAuthorEmail : committer.email,
  };
  return {
    repository: repositoryArgument(header.repository),
    branch: toByteString(header.branchName),
    message: header.commitMessage,
    committer,
    author,
    moment: momentOf(user, header.timestamp),
    force: header.force,
    ...(header.startBranchName.length === 0 ? {} : { startBranch: toByteString(header.startBranchName) }),
    ...(header.startRepository === undefined ? {} : { startRepository: repositoryArgument(header.startRepository) }),
    ...(header.startSha === "" ? {} : { startOid: header.startSha }),
    ...(header.expectedOldOid === "" ? {} : { expectedOid: header.expectedOldOid }),
  };
}
