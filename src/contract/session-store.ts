import type { RepositoryRef } from "./repository-ref.ts";
import type { SessionInfo } from "./sessions.ts";

/** What changes in a session's row; null takes a value away. */
export interface SessionChange {
  readonly baseOid?: string;
  readonly headOid?: string;
  readonly isGone?: boolean;
  readonly expiresAtMs?: number;
  readonly dirtySinceMs?: number | null;
  readonly commitDueAtMs?: number | null;
  readonly problem?: string | null;
}

/** Rows of sessions. */
export interface SessionStore {
  /** False: the owner has a default session of the repository already. */
  create(session: SessionInfo): Promise<boolean>;
  find(id: string): Promise<SessionInfo | undefined>;
  /** Sessions of a repository, oldest first; those of everybody without an owner. */
  list(repository: RepositoryRef, owner?: string): Promise<SessionInfo[]>;
  default(repository: RepositoryRef, owner: string): Promise<SessionInfo | undefined>;
  /** How many there are: of an owner, and in all. */
  counts(owner: string): Promise<{ readonly owned: number; readonly all: number }>;
  /** All sessions by id, each with its head. */
  heads(): Promise<ReadonlyMap<string, string>>;
  change(id: string, change: SessionChange): Promise<void>;
  remove(id: string): Promise<void>;
  /** The repository has another path. */
  move(repository: RepositoryRef, target: RepositoryRef): Promise<void>;
  /** Sessions that are to be committed, or whose lease has ended, the longest due first; not those named. */
  due(nowMs: number, limit: number, except: readonly string[]): Promise<SessionInfo[]>;
  /** When the next one will be due; undefined: none. */
  nextDueAtMs(except: readonly string[]): Promise<number | undefined>;
}
