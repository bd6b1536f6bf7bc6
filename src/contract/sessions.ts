import type { GitBackend } from "../backend/backend.ts";
import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { ByteString } from "../domain/bytes.ts";
import type { FileMode, GitPath } from "../domain/git-object.ts";
import type { Oid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import type { OpenRepository } from "./context.ts";
import type { RepositoryRef } from "./repository-ref.ts";

/** A session as its row in the database tells it. Times are milliseconds since 1970. */
export interface SessionInfo {
  /** 24 hexadecimal digits. */
  readonly id: string;
  readonly repository: RepositoryRef;
  /** Whose it is: `user:<id>`, `control` or `service`. */
  readonly owner: string;
  /** Is it the one that is meant where none is named? */
  readonly isDefault: boolean;
  /** The branch that it publishes to, a full name; it need not exist. */
  readonly branch: RefName;
  /** What `branch` was when session and branch last agreed; zeros when it was not there. */
  readonly baseOid: Oid;
  /** The session's last commit; zeros while there is none. */
  readonly headOid: Oid;
  /** Are only those files in the worktree that were written or asked for? */
  readonly isLazy: boolean;
  /** Do automatic commits move `branch`? */
  readonly pushes: boolean;
  /** Is its directory lost? Then nothing can be done with it but to close it. */
  readonly isGone: boolean;
  readonly createdAtMs: number;
  /** When the lease ends; every operation on the session renews it. */
  readonly expiresAtMs: number;
  /** Since when there are changes that no commit has; absent: none are known. */
  readonly dirtySinceMs?: number;
  /** When they are committed automatically. */
  readonly commitDueAtMs?: number;
  /** Why the last automatic commit or push failed: a reason of the catalogue. */
  readonly problem?: string;
}

export interface NewSession {
  /** Short name of the branch to publish to; `session/<id>` when absent. */
  readonly branch?: ByteString;
  /** Revision to begin at; the branch when it exists, else the default branch. */
  readonly from?: ByteString;
  readonly checkout: "full" | "lazy";
  readonly pushes: boolean;
}

/** A file of a session's worktree; of a lazy session also what only its index has. */
export interface SessionFile {
  readonly path: GitPath;
  readonly mode: FileMode;
  readonly size: number;
}

/**
 * The files of a worktree. Every path is checked as git checks it (`invalid_path`: empty, `..`, a leading slash, `.git` in any case or disguise,
 * NUL), and no symbolic link on the way is followed (`path_not_found` in reading, `path_exists` in writing).
 */
export interface SessionFiles {
  /** Of a symbolic link its target. Throws `path_not_found`, `too_large` over `bytesMax`. */
  read(path: GitPath, bytesMax: number): Promise<SessionFile & { readonly content: Uint8Array }>;
  /**
   * Writes a whole file, durably, and the folders above it. A mode that is left out stays as it was, or is 100644. Throws `path_exists` where a
   * folder is in its place, or a file in the place of one of its folders.
   */
  write(path: GitPath, content: Uint8Array, mode?: FileMode): Promise<SessionFile>;
  /** Removes a file, or a folder with all that is in it, and the folders that are left empty. Throws `path_not_found`. */
  remove(path: GitPath): Promise<void>;
  /** Files at and below a path ("" is all), behind another where that is given, sorted, in batches; ignored files too, nothing of `.git`. */
  list(path: GitPath, after?: GitPath): AsyncIterable<SessionFile[]>;
}

/** A session while an operation works in it: nobody else writes in it. */
export interface OpenSession {
  readonly info: SessionInfo;
  /** The session's git directory and worktree; every facet of `git` takes it. */
  readonly view: WorktreeView;
  readonly git: GitBackend;
  readonly files: SessionFiles;
  /**
   * Gives the repository a commit that is in the session's objects, and moves HEAD's branch to it; `isCommitted`: nothing is left then that a timer would have to
   * commit. Only where `writing`.
   */
  moveHead(commit: Oid, isCommitted: boolean): Promise<void>;
  /** Nothing is left that a timer would have to commit. Only where `writing`. */
  committed(): void;
  /** `branch` of the repository is now at this commit, as the session is. Only where `writing`. */
  agreed(oid: Oid): Promise<void>;
}

export interface WritingOptions {
  /**
   * `files` (default): worktree or index change; the row says so before `run` begins, and the timer of the automatic commit is put off.
   * `contents`: the same where all that changes is changed through `files` of the session, which wait for the row themselves.
   * `history`: only commits, references or stashes change.
   */
  readonly changes?: "files" | "contents" | "history";
  /** What HEAD has to be, zeros for no commit; else `reference_mismatch`, or `invalid_object_id`. */
  readonly expectedHead?: Oid | undefined;
}

/**
 * Worktree sessions, on behalf of a caller (docs/internals/sessions.md). Throws `unauthenticated` for callers without credentials,
 * `session_not_found` for what is not there or somebody else's, `session_gone` where its worktree is lost.
 */
export interface Sessions {
  /** Makes a session. Throws `revision_not_found`, `invalid_reference_name`, `limit_exceeded` when the owner has too many. */
  open(repository: OpenRepository, session: NewSession): Promise<SessionInfo>;
  find(repository: OpenRepository, id: string): Promise<SessionInfo>;
  /** The caller's sessions of a repository, oldest first. */
  list(repository: OpenRepository): Promise<readonly SessionInfo[]>;
  /** Puts the end of the lease off. */
  renew(repository: OpenRepository, id: string): Promise<SessionInfo>;
  /**
   * Removes a session. What `branch` does not have is committed to `refs/holdfast/sessions/<id>/backup` before, whose commit it answers, unless it is
   * to be discarded.
   */
  close(
    repository: OpenRepository,
    id: string,
    options: { readonly discard: boolean; readonly committer: Uint8Array },
  ): Promise<Oid | undefined>;
  /**
   * Runs while nobody writes in the session. Without an id it is the caller's default session of the repository, which is made on the default
   * branch when first needed; throws `session_required` where the server has none.
   */
  reading<T>(repository: OpenRepository, id: string | undefined, run: (session: OpenSession) => Promise<T>): Promise<T>;
  /** The same for a stream: the session stays locked until it has ended, so never wait for a client between its pieces. */
  readingStream<T>(
    repository: OpenRepository,
    id: string | undefined,
    run: (session: OpenSession) => AsyncIterable<T>,
  ): AsyncIterable<T>;
  /**
   * Runs while nobody else is in the session. Afterwards, whether `run` succeeded or not, the repository learns of it: when HEAD or the stashes have
   * changed, their objects and hidden references are in the repository before this returns.
   */
  writing<T>(
    repository: OpenRepository,
    id: string | undefined,
    run: (session: OpenSession) => Promise<T>,
    options?: WritingOptions,
  ): Promise<T>;
  /** The repository has another path. */
  moved(repository: RepositoryRef, target: RepositoryRef): Promise<void>;
  /** The repository is no more: removes its sessions. */
  removed(repository: RepositoryRef): Promise<void>;
  /** Before garbage is collected: hidden references to what only the indexes of the repository's sessions refer to. */
  keepIndexes(repository: OpenRepository): Promise<void>;
}
