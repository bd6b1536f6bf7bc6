import type { GitalyDoor } from "../door.ts";
import { CommitService } from "../generated/commit_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { commitIsAncestor } from "./commit-is-ancestor.ts";
import { findCommitHandler } from "./find-commit.ts";
import { getTreeEntries } from "./get-tree-entries.ts";
import { listCommitsHandler } from "./list-commits.ts";
import { treeEntry } from "./tree-entry.ts";

/** gitaly.CommitService */
export function commitService(door: GitalyDoor): BoundService {
  return service(CommitService, {
    commitIsAncestor: commitIsAncestor(door),
    findCommit: findCommitHandler(door),
    getTreeEntries: getTreeEntries(door),
    listCommits: listCommitsHandler(door),
    treeEntry: treeEntry(door),
  });
}
