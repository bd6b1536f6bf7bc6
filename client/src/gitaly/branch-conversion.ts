import type { GitBranch } from "../domain/branch.ts";
import { commitOf } from "./commit-conversion.ts";
import type { Branch } from "./generated/shared_pb.ts";
import { shortBranchName } from "./text.ts";

/** Undefined for a branch that leads to no commit: servers that know no such branch answer so. */
export function branchOf(message: Branch | undefined): GitBranch | undefined {
  if (message?.targetCommit === undefined) return undefined;
  return { name: shortBranchName(message.name), commit: commitOf(message.targetCommit) };
}
