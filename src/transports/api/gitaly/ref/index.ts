import type { GitalyDoor } from "../door.ts";
import { RefService } from "../generated/ref_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { deleteRefs } from "./delete-refs.ts";
import { findAllBranches } from "./find-all-branches.ts";
import { findAllTags } from "./find-all-tags.ts";
import { findBranchHandler } from "./find-branch.ts";
import { findDefaultBranchName } from "./find-default-branch-name.ts";
import { findLocalBranches } from "./find-local-branches.ts";
import { findTagHandler } from "./find-tag.ts";
import { listRefs } from "./list-refs.ts";
import { updateReferencesHandler } from "./update-references.ts";

/** gitaly.RefService */
export function refService(door: GitalyDoor): BoundService {
  return service(RefService, {
    deleteRefs: deleteRefs(door),
    findAllBranches: findAllBranches(door),
    findAllTags: findAllTags(door),
    findBranch: findBranchHandler(door),
    findDefaultBranchName: findDefaultBranchName(door),
    findLocalBranches: findLocalBranches(door),
    findTag: findTagHandler(door),
    listRefs: listRefs(door),
    updateReferences: updateReferencesHandler(door),
  });
}
