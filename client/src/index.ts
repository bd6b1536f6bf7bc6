// What applications import from @holdfast/client.
export type { CallOptions } from "./call-options.ts";
export { appRepositoryId, appUserId } from "./domain/application-ids.ts";
export type { GitBranch } from "./domain/branch.ts";
export type { GitAuthor, GitCommit } from "./domain/commit.ts";
export type { GitDiffEntry, GitDiffStat } from "./domain/diff.ts";
export type { FileAction, FileContent } from "./domain/file-action.ts";
export { type RefUpdate, ZERO_ID } from "./domain/ref-update.ts";
export type { GitRepo } from "./domain/repo.ts";
export type { CommitResult, MergeResult, RevertResult } from "./domain/results.ts";
export type { GitTag } from "./domain/tag.ts";
export type { GitObjectType, GitTreeEntry } from "./domain/tree-entry.ts";
export type { AuthorOverride, GitUser } from "./domain/user.ts";
export {
  ConflictError,
  ForbiddenError,
  GitError,
  type GitErrorCode,
  type GitErrorDetail,
  type GitErrorFacts,
  NotFoundError,
  UnauthorizedError,
  ValidationError,
} from "./errors.ts";
export type { Clock } from "./gitaly/clock.ts";
export type { TokenKind } from "./gitaly/credentials.ts";
export { GitalyClient } from "./gitaly/gitaly-client.ts";
export type { GitalyClientOptions, TlsOptions } from "./gitaly/gitaly-client-options.ts";
export type { RetryOptions } from "./gitaly/retry-policy.ts";
export type { GitAdapter } from "./git-adapter.ts";
export type * from "./requests.ts";
export type { EventsExpired, RepositoryEvent, RepositoryEventName, WatchedEvent } from "./watch/repository-event.ts";
export type { RepositoryWatch, WatchConnected, WatchDisconnected } from "./watch/repository-watch.ts";
export type { WatchClock } from "./watch/watch-clock.ts";
export { watchRepository, type WatchRepositoryOptions } from "./watch/watch-repository.ts";
