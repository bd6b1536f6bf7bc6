import type { Operation } from "../contract/operation.ts";
import { getBlob } from "./blobs/get-blob.ts";
import { getBlobs } from "./blobs/get-blobs.ts";
import { listBlobs } from "./blobs/list-blobs.ts";
import { createBranch } from "./branches/create-branch.ts";
import { deleteBranch } from "./branches/delete-branch.ts";
import { findBranch } from "./branches/find-branch.ts";
import { listAllBranches } from "./branches/list-all-branches.ts";
import { listBranches } from "./branches/list-branches.ts";
import { updateBranch } from "./branches/update-branch.ts";
import { commitFiles } from "./commits/commit-files.ts";
import { findCommit } from "./commits/find-commit.ts";
import { isAncestor } from "./commits/is-ancestor.ts";
import { listCommits } from "./commits/list-commits.ts";
import { diffCommits } from "./diffs/diff-commits.ts";
import { diffStats } from "./diffs/diff-stats.ts";
import { findChangedPaths } from "./diffs/find-changed-paths.ts";
import { rawDiff } from "./diffs/raw-diff.ts";
import { describePush } from "./events/describe-push.ts";
import { listEvents } from "./events/list-events.ts";
import { watchEvents } from "./events/watch-events.ts";
import { watchRepository } from "./events/watch-repository.ts";
import { getTreeEntry } from "./files/get-tree-entry.ts";
import { listTree } from "./files/list-tree.ts";
import { receivePack } from "./git/receive-pack.ts";
import { uploadArchive } from "./git/upload-archive.ts";
import { uploadPack } from "./git/upload-pack.ts";
import { cherryPick } from "./merges/cherry-pick.ts";
import { mergeBranch } from "./merges/merge-branch.ts";
import { mergeToRef } from "./merges/merge-to-ref.ts";
import { rebaseToRef } from "./merges/rebase-to-ref.ts";
import { revert } from "./merges/revert.ts";
import { deleteReferences } from "./references/delete-references.ts";
import { findDefaultBranch } from "./references/find-default-branch.ts";
import { listReferences } from "./references/list-references.ts";
import { setDefaultBranch } from "./references/set-default-branch.ts";
import { updateReferences } from "./references/update-references.ts";
import { checkRepository } from "./repositories/check-repository.ts";
import { collectGarbage } from "./repositories/collect-garbage.ts";
import { createRepository } from "./repositories/create-repository.ts";
import { findRepository } from "./repositories/find-repository.ts";
import { importRepository } from "./repositories/import-repository.ts";
import { listRepositories } from "./repositories/list-repositories.ts";
import { removeRepository } from "./repositories/remove-repository.ts";
import { renameRepository } from "./repositories/rename-repository.ts";
import { repositoryExists } from "./repositories/repository-exists.ts";
import { showRepository } from "./repositories/show-repository.ts";
import { describeServer } from "./server/describe-server.ts";
import { showBackend } from "./server/show-backend.ts";
import { switchBackend } from "./server/switch-backend.ts";
import { createTag } from "./tags/create-tag.ts";
import { deleteTag } from "./tags/delete-tag.ts";
import { findTag } from "./tags/find-tag.ts";
import { listTags } from "./tags/list-tags.ts";

/** Everything that Holdfast can do, by name: what every door is made from. */
export const operations: readonly Operation[] = [
  checkRepository,
  cherryPick,
  collectGarbage,
  commitFiles,
  createBranch,
  createRepository,
  createTag,
  deleteBranch,
  deleteReferences,
  deleteTag,
  describePush,
  describeServer,
  diffCommits,
  diffStats,
  findBranch,
  findChangedPaths,
  findCommit,
  findDefaultBranch,
  findRepository,
  findTag,
  getBlob,
  getBlobs,
  getTreeEntry,
  importRepository,
  isAncestor,
  listAllBranches,
  listBlobs,
  listBranches,
  listCommits,
  listEvents,
  listReferences,
  listRepositories,
  listTags,
  listTree,
  mergeBranch,
  mergeToRef,
  rawDiff,
  rebaseToRef,
  receivePack,
  removeRepository,
  renameRepository,
  repositoryExists,
  revert,
  setDefaultBranch,
  showBackend,
  showRepository,
  switchBackend,
  updateBranch,
  updateReferences,
  uploadArchive,
  uploadPack,
  watchEvents,
  watchRepository,
];

export {
  checkRepository,
  cherryPick,
  collectGarbage,
  commitFiles,
  createBranch,
  createRepository,
  createTag,
  deleteBranch,
  deleteReferences,
  deleteTag,
  describeServer,
  diffCommits,
  diffStats,
  findBranch,
  findChangedPaths,
  findCommit,
  findDefaultBranch,
  findRepository,
  findTag,
  getBlob,
  getBlobs,
  getTreeEntry,
  importRepository,
  isAncestor,
  listAllBranches,
  listBlobs,
  listBranches,
  listCommits,
  listEvents,
  listReferences,
  listRepositories,
  listTags,
  listTree,
  mergeBranch,
  mergeToRef,
  rawDiff,
  rebaseToRef,
  receivePack,
  removeRepository,
  renameRepository,
  repositoryExists,
  revert,
  setDefaultBranch,
  showBackend,
  showRepository,
  switchBackend,
  updateBranch,
  updateReferences,
  uploadArchive,
  uploadPack,
  watchEvents,
  watchRepository,
};

export type { FileAction, FileActionPart } from "./commits/apply-file-actions.ts";
export type { MergeDecision } from "./merges/merge-branch.ts";
