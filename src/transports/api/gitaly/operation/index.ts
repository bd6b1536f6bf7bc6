import type { GitalyDoor } from "../door.ts";
import { OperationService } from "../generated/operations_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { userCherryPick } from "./user-cherry-pick.ts";
import { userCommitFiles } from "./user-commit-files.ts";
import { userCreateBranch } from "./user-create-branch.ts";
import { userCreateTag } from "./user-create-tag.ts";
import { userDeleteBranch } from "./user-delete-branch.ts";
import { userDeleteTag } from "./user-delete-tag.ts";
import { userMergeBranch } from "./user-merge-branch.ts";
import { userMergeToRef } from "./user-merge-to-ref.ts";
import { userRebaseToRef } from "./user-rebase-to-ref.ts";
import { userRevert } from "./user-revert.ts";
import { userUpdateBranch } from "./user-update-branch.ts";

/** gitaly.OperationService */
export function operationService(door: GitalyDoor): BoundService {
  return service(OperationService, {
    userCherryPick: userCherryPick(door),
    userCommitFiles: userCommitFiles(door),
    userCreateBranch: userCreateBranch(door),
    userCreateTag: userCreateTag(door),
    userDeleteBranch: userDeleteBranch(door),
    userDeleteTag: userDeleteTag(door),
    userMergeBranch: userMergeBranch(door),
    userMergeToRef: userMergeToRef(door),
    userRebaseToRef: userRebaseToRef(door),
    userRevert: userRevert(door),
    userUpdateBranch: userUpdateBranch(door),
  });
}
