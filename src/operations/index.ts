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
import { addCollaborator } from "./collaborators/add-collaborator.ts";
import { listCollaborators } from "./collaborators/list-collaborators.ts";
import { removeCollaborator } from "./collaborators/remove-collaborator.ts";
import { amendCommit } from "./commits/amend-commit.ts";
import { commitFiles } from "./commits/commit-files.ts";
import { createCommit } from "./commits/create-commit.ts";
import { findCommit } from "./commits/find-commit.ts";
import { isAncestor } from "./commits/is-ancestor.ts";
import { listCommits } from "./commits/list-commits.ts";
import { showCommit } from "./commits/show-commit.ts";
import { diffCommits } from "./diffs/diff-commits.ts";
import { diffStats } from "./diffs/diff-stats.ts";
import { findChangedPaths } from "./diffs/find-changed-paths.ts";
import { getDiff } from "./diffs/get-diff.ts";
import { rawDiff } from "./diffs/raw-diff.ts";
import { showDiff } from "./diffs/show-diff.ts";
import { describePush } from "./events/describe-push.ts";
import { listEvents } from "./events/list-events.ts";
import { watchEvents } from "./events/watch-events.ts";
import { watchRepository } from "./events/watch-repository.ts";
import { deleteFile } from "./files/delete-file.ts";
import { findFiles } from "./files/find-files.ts";
import { getFile } from "./files/get-file.ts";
import { getTreeEntry } from "./files/get-tree-entry.ts";
import { listFiles } from "./files/list-files.ts";
import { listTree } from "./files/list-tree.ts";
import { searchFiles } from "./files/search-files.ts";
import { receivePack } from "./git/receive-pack.ts";
import { uploadArchive } from "./git/upload-archive.ts";
import { uploadPack } from "./git/upload-pack.ts";
import { moveFile } from "./files/move-file.ts";
import { putFile } from "./files/put-file.ts";
import { blameFile } from "./history/blame-file.ts";
import { compareCommits } from "./history/compare-commits.ts";
import { findMergeBase } from "./history/find-merge-base.ts";
import { showLog } from "./history/show-log.ts";
import { addKey } from "./keys/add-key.ts";
import { listKeys } from "./keys/list-keys.ts";
import { removeKey } from "./keys/remove-key.ts";
import { cherryPick } from "./merges/cherry-pick.ts";
import { mergeBranch } from "./merges/merge-branch.ts";
import { mergeRevision } from "./merges/merge-revision.ts";
import { mergeToRef } from "./merges/merge-to-ref.ts";
import { pickCommit } from "./merges/pick-commit.ts";
import { previewMerge } from "./merges/preview-merge.ts";
import { previewRebase } from "./merges/preview-rebase.ts";
import { rebaseBranch } from "./merges/rebase-branch.ts";
import { rebaseToRef } from "./merges/rebase-to-ref.ts";
import { revertCommit } from "./merges/revert-commit.ts";
import { revert } from "./merges/revert.ts";
import { listProtections } from "./protections/list-protections.ts";
import { protectReference } from "./protections/protect-reference.ts";
import { unprotectReference } from "./protections/unprotect-reference.ts";
import { browseReferences } from "./references/browse-references.ts";
import { createReference } from "./references/create-reference.ts";
import { deleteReference } from "./references/delete-reference.ts";
import { deleteReferences } from "./references/delete-references.ts";
import { findDefaultBranch } from "./references/find-default-branch.ts";
import { getReference } from "./references/get-reference.ts";
import { listReferences } from "./references/list-references.ts";
import { moveReference } from "./references/move-reference.ts";
import { renameReference } from "./references/rename-reference.ts";
import { setDefaultBranch } from "./references/set-default-branch.ts";
import { updateReferences } from "./references/update-references.ts";
import { archiveRepository } from "./repositories/archive-repository.ts";
import { browseRepositories } from "./repositories/browse-repositories.ts";
import { checkRepository } from "./repositories/check-repository.ts";
import { collectGarbage } from "./repositories/collect-garbage.ts";
import { createRepository } from "./repositories/create-repository.ts";
import { findRepository } from "./repositories/find-repository.ts";
import { importRepository } from "./repositories/import-repository.ts";
import { listRepositories } from "./repositories/list-repositories.ts";
import { removeRepository } from "./repositories/remove-repository.ts";
import { renameRepository } from "./repositories/rename-repository.ts";
import { repositoryExists } from "./repositories/repository-exists.ts";
import { setDescription } from "./repositories/set-description.ts";
import { setVisibility } from "./repositories/set-visibility.ts";
import { showRepository } from "./repositories/show-repository.ts";
import { describeServer } from "./server/describe-server.ts";
import { showBackend } from "./server/show-backend.ts";
import { switchBackend } from "./server/switch-backend.ts";
import { closeSession } from "./sessions/close-session.ts";
import { commitSession } from "./sessions/commit-session.ts";
import { deleteSessionFile } from "./sessions/delete-session-file.ts";
import { listSessionFiles } from "./sessions/list-session-files.ts";
import { listSessions } from "./sessions/list-sessions.ts";
import { openSession } from "./sessions/open-session.ts";
import { pushSession } from "./sessions/push-session.ts";
import { readSessionFile } from "./sessions/read-session-file.ts";
import { renewSession } from "./sessions/renew-session.ts";
import { sessionStatus } from "./sessions/session-status.ts";
import { showSession } from "./sessions/show-session.ts";
import { writeSessionFile } from "./sessions/write-session-file.ts";
import { changeSetting } from "./settings/change-setting.ts";
import { showSettings } from "./settings/show-settings.ts";
import { createTag } from "./tags/create-tag.ts";
import { deleteTag } from "./tags/delete-tag.ts";
import { findTag } from "./tags/find-tag.ts";
import { listTags } from "./tags/list-tags.ts";
import { createToken } from "./tokens/create-token.ts";
import { listTokens } from "./tokens/list-tokens.ts";
import { revokeToken } from "./tokens/revoke-token.ts";
import { createUser } from "./users/create-user.ts";
import { deleteUser } from "./users/delete-user.ts";
import { listUsers } from "./users/list-users.ts";
import { renameUser } from "./users/rename-user.ts";
import { setUserAdmin } from "./users/set-user-admin.ts";
import { showUser } from "./users/show-user.ts";
import { whoAmI } from "./users/who-am-i.ts";
import { createWebhook } from "./webhooks/create-webhook.ts";
import { deleteWebhook } from "./webhooks/delete-webhook.ts";
import { listDeliveries } from "./webhooks/list-deliveries.ts";
import { listWebhooks } from "./webhooks/list-webhooks.ts";
import { redeliverDelivery } from "./webhooks/redeliver-delivery.ts";
import { showWebhook } from "./webhooks/show-webhook.ts";
import { updateWebhook } from "./webhooks/update-webhook.ts";

/** Everything that Holdfast can do, by name: what every door is made from. */
export const operations: readonly Operation[] = [
  addCollaborator,
  addKey,
  amendCommit,
  archiveRepository,
  blameFile,
  browseReferences,
  browseRepositories,
  changeSetting,
  checkRepository,
  cherryPick,
  closeSession,
  collectGarbage,
  commitFiles,
  commitSession,
  compareCommits,
  createBranch,
  createCommit,
  createReference,
  createRepository,
  createTag,
  createToken,
  createUser,
  createWebhook,
  deleteBranch,
  deleteFile,
  deleteReference,
  deleteReferences,
  deleteSessionFile,
  deleteTag,
  deleteUser,
  deleteWebhook,
  describePush,
  describeServer,
  diffCommits,
  diffStats,
  findBranch,
  findChangedPaths,
  findCommit,
  findDefaultBranch,
  findFiles,
  findMergeBase,
  findRepository,
  findTag,
  getBlob,
  getBlobs,
  getDiff,
  getFile,
  getReference,
  getTreeEntry,
  importRepository,
  isAncestor,
  listAllBranches,
  listBlobs,
  listBranches,
  listCollaborators,
  listCommits,
  listDeliveries,
  listEvents,
  listFiles,
  listKeys,
  listProtections,
  listReferences,
  listRepositories,
  listSessionFiles,
  listSessions,
  listTags,
  listTokens,
  listTree,
  listUsers,
  listWebhooks,
  mergeBranch,
  mergeRevision,
  mergeToRef,
  moveFile,
  moveReference,
  openSession,
  pickCommit,
  previewMerge,
  previewRebase,
  protectReference,
  pushSession,
  putFile,
  rawDiff,
  readSessionFile,
  rebaseBranch,
  rebaseToRef,
  receivePack,
  redeliverDelivery,
  removeCollaborator,
  removeKey,
  removeRepository,
  renameReference,
  renameRepository,
  renameUser,
  renewSession,
  repositoryExists,
  revert,
  revertCommit,
  revokeToken,
  searchFiles,
  sessionStatus,
  setDefaultBranch,
  setDescription,
  setUserAdmin,
  setVisibility,
  showBackend,
  showCommit,
  showDiff,
  showLog,
  showRepository,
  showSession,
  showSettings,
  showUser,
  showWebhook,
  switchBackend,
  unprotectReference,
  updateBranch,
  updateReferences,
  updateWebhook,
  uploadArchive,
  uploadPack,
  watchEvents,
  watchRepository,
  whoAmI,
  writeSessionFile,
];

export {
  addCollaborator,
  addKey,
  amendCommit,
  archiveRepository,
  blameFile,
  browseReferences,
  browseRepositories,
  changeSetting,
  checkRepository,
  cherryPick,
  closeSession,
  collectGarbage,
  commitFiles,
  commitSession,
  compareCommits,
  createBranch,
  createCommit,
  createReference,
  createRepository,
  createTag,
  createToken,
  createUser,
  createWebhook,
  deleteBranch,
  deleteFile,
  deleteReference,
  deleteReferences,
  deleteSessionFile,
  deleteTag,
  deleteUser,
  deleteWebhook,
  describeServer,
  diffCommits,
  diffStats,
  findBranch,
  findChangedPaths,
  findCommit,
  findDefaultBranch,
  findFiles,
  findMergeBase,
  findRepository,
  findTag,
  getBlob,
  getBlobs,
  getDiff,
  getFile,
  getReference,
  getTreeEntry,
  importRepository,
  isAncestor,
  listAllBranches,
  listBlobs,
  listBranches,
  listCollaborators,
  listCommits,
  listDeliveries,
  listEvents,
  listFiles,
  listKeys,
  listProtections,
  listReferences,
  listRepositories,
  listSessionFiles,
  listSessions,
  listTags,
  listTokens,
  listTree,
  listUsers,
  listWebhooks,
  mergeBranch,
  mergeRevision,
  mergeToRef,
  moveFile,
  moveReference,
  openSession,
  pickCommit,
  previewMerge,
  previewRebase,
  protectReference,
  pushSession,
  putFile,
  rawDiff,
  readSessionFile,
  rebaseBranch,
  rebaseToRef,
  receivePack,
  redeliverDelivery,
  removeCollaborator,
  removeKey,
  removeRepository,
  renameReference,
  renameRepository,
  renameUser,
  renewSession,
  repositoryExists,
  revert,
  revertCommit,
  revokeToken,
  searchFiles,
  sessionStatus,
  setDefaultBranch,
  setDescription,
  setUserAdmin,
  setVisibility,
  showBackend,
  showCommit,
  showDiff,
  showLog,
  showRepository,
  showSession,
  showSettings,
  showUser,
  showWebhook,
  switchBackend,
  unprotectReference,
  updateBranch,
  updateReferences,
  updateWebhook,
  uploadArchive,
  uploadPack,
  watchEvents,
  watchRepository,
  whoAmI,
  writeSessionFile,
};

export type { FileAction, FileActionPart } from "./commits/apply-file-actions.ts";
export type { MergeDecision } from "./merges/merge-branch.ts";
