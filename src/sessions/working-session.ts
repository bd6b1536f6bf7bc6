import type { GitBackend } from "../backend/backend.ts";
import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { SessionChange, SessionStore } from "../contract/session-store.ts";
import type { OpenSession, SessionInfo } from "../contract/sessions.ts";
import { type Oid, zeroOid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import { WorktreeFiles } from "./worktree-files.ts";

/** What the row says of a session in which nothing is left to be committed. */
export const NOTHING_LEFT: SessionChange = { dirtySinceMs: null, commitDueAtMs: null, problem: null };

export interface WorkingSessionOptions {
  readonly info: SessionInfo;
  readonly view: WorktreeView;
  readonly git: GitBackend;
  /** A folder on the file system of the worktree. */
  readonly temporaryDir: string;
  readonly store: SessionStore;
  /** Resolves when the row says that there are changes. */
  readonly announced: Promise<void>;
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
  /** The head that the row tells; undefined while nobody knows. */
  toldHead: Oid | undefined;
  /** Is nothing left that a timer would have to commit? */
  isCommitted = false;
  /** Does the row say so? */
  isToldCommitted = false;

  constructor({ info, view, git, temporaryDir, store, announced, publish }: WorkingSessionOptions) {
    this.info = info;
    this.view = view;
    this.git = git;
    this.files = new WorktreeFiles({ view, git, isLazy: info.isLazy, temporaryDir, announced });
    this.#store = store;
    this.#publish = publish;
    this.published = info.headOid;
    this.toldHead = info.headOid;
  }

  async moveHead(commit: Oid, isCommitted: boolean): Promise<void> {
    const { oid = zeroOid(this.view.objectFormat) } = await this.git.refs.head(this.view);
    const change = { name: this.info.branch, newOid: commit, expectedOid: oid };
    // Locked and flushed meanwhile; moved afterwards, or HEAD could name, after a power cut, what is not on the disk.
    const [prepared, published] = await Promise.allSettled([
      this.git.refs.prepare(this.view, [change], { deref: false }),
      this.#publish(commit),
    ]);
    if (published.status === "fulfilled") this.published = commit;
    if (prepared.status === "rejected") throw prepared.reason;
    if (published.status === "rejected") {
      await prepared.value.abort();
      throw published.reason;
    }
    this.toldHead = undefined;
    // Where a power cut keeps one of both, the row follows HEAD at the next start.
    const row = { headOid: commit, ...(isCommitted ? NOTHING_LEFT : {}) };
    const moved = await Promise.allSettled([prepared.value.commit(), this.#store.change(this.info.id, row)]);
    for (const each of moved) if (each.status === "rejected") throw each.reason;
    this.toldHead = commit;
    this.isCommitted = isCommitted;
    this.isToldCommitted = isCommitted;
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
