import { toByteString } from "../../../../domain/bytes.ts";
import type { UserCherryPickRequest, UserRevertRequest } from "../generated/operations_pb.ts";
import { firstProblem } from "../invalid-argument.ts";
import { momentOf, personOf } from "../person.ts";
import { repositoryArgument } from "../repository-argument.ts";

type PickRequest = UserCherryPickRequest | UserRevertRequest;

/** What is missing in a request to pick or revert. */
export function problemOfPick(request: PickRequest): string | undefined {
  return firstProblem(
    [request.user === undefined, "empty User"],
    [request.commit === undefined, "empty Commit"],
    [request.branchName.length === 0, "empty BranchName"],
    [request.message.length === 0, "empty Message"],
  );
}

/** The operation's input from a request that has nothing missing. */
export function pickInput(request: PickRequest) {
  const user = request.user!;
  return {
    repository: repositoryArgument(request.repository),
    commit: request.commit!.id,
    branch: toByteString(request.branchName),
    message: request.message,
    committer: personOf(user),
    moment: momentOf(user, request.timestamp),
    dryRun: request.dryRun,
    ...(request.startBranchName.length === 0 ? {} : { startBranch: toByteString(request.startBranchName) }),
    ...(request.startRepository === undefined ? {} : { startRepository: repositoryArgument(request.startRepository) }),
    ...(request.expectedOldOid === "" ? {} : { expectedOid: request.expectedOldOid }),
  };
}
