import type { GitBackend } from "../backend/backend.ts";
import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { SessionStore } from "../contract/session-store.ts";
import type { OpenSession, SessionInfo } from "../contract/sessions.ts";
import { type Oid, zeroOid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import { WorktreeFiles } from "./worktree-files.ts";

export interface WorkingSessionOptions {
  readonly info: SessionInfo;
  readonly view: WorktreeView;
  readonly git: GitBackend;
  /** A folder on the file system of the worktree. */
  readonly temporaryDir: string;
  readonly store: SessionStore;
  /** Gives the repository a commit as the session's head. */
  readonly publish: (commit: Oid) => Promise<void>;
}

/** A session while somebody is in it. */
export class WorkingSession implements OpenSession {
  readonly info: SessionInfo;
  readonly view: WorktreeView;
  readonly git: GitBackend;
  readonly files: WorktreeFiles;
  readonly #store: SessionStore;
  readonly #publish: (commit: Oid) => Promise<void>;
  /** The commit that the repository has as the session's head. */
  published: Oid;
  /** Is nothing left that a timer would have to commit? */
  isCommitted = false;

  constructor({ info, view, git, temporaryDir, store, publish }: WorkingSessionOptions) {
    this.info = info;
    this.view = view;
    this.git = git;
    this.files = new WorktreeFiles({ view, git, isLazy: info.isLazy, temporaryDir });
    this.#store = store;
    this.#publish = publish;
    this.published = info.headOid;
  }

  async moveHead(commit: Oid): Promise<void> {
    const { oid = zeroOid(this.view.objectFormat) } = await this.git.refs.head(this.view);
    // The other way round HEAD could name, after a power cut, what is not on the disk.
    await this.#publish(commit);
    this.published = commit;
    await moveHead(this.git, this.view, this.info.branch, commit, oid);
  }

  committed(): void {
    this.isCommitted = true;
  }

  async agreed(oid: Oid): Promise<void> {
    await this.#store.change(this.info.id, { baseOid: oid, problem: null });
  }
}

/** Moves a branch of a session, durably. Throws `reference_mismatch`. */
export async function moveHead(git: GitBackend, view: WorktreeView, branch: RefName, newOid: Oid, expectedOid: Oid) {
  const prepared = await git.refs.prepare(view, [{ name: branch, newOid, expectedOid }], { deref: false });
  await prepared.commit();
}
