import type { RemoteCredential, RemoteSource } from "./remotes.ts";
import type { RepositoryRef } from "./repository-ref.ts";

/** `pull`: the repository becomes what the other one is, from time to time. `push`: the other one, whenever something has changed. */
export type MirrorDirection = "pull" | "push";

/** A bond with a repository on another server. Times are milliseconds since 1970. */
export interface MirrorRecord {
  readonly id: number;
  readonly repository: RepositoryRef;
  /** Within the repository, as git names remotes. */
  readonly name: string;
  readonly direction: MirrorDirection;
  readonly url: string;
  /** Is a credential kept for it? */
  readonly hasCredential: boolean;
  /** The server's keys: as they were given, or as the first connection has found them. */
  readonly knownHosts?: string;
  /** Seconds between two pulls. */
  readonly intervalS?: number;
  readonly createdAtMs: number;
  /** Absent: nothing is to be done. */
  readonly nextRunAtMs?: number;
  /** How often it has failed since it last succeeded. */
  readonly failures: number;
  readonly lastRunAtMs?: number;
  readonly lastSuccessAtMs?: number;
  /** Why the last run has failed. */
  readonly problem?: string;
}

/** What a mirror shall be. */
export interface NewMirror {
  readonly repository: RepositoryRef;
  readonly name: string;
  readonly direction: MirrorDirection;
  readonly source: RemoteSource;
  readonly intervalS?: number;
}

/** Mirrors, as operations see them. */
export interface Mirrors {
  /**
   * Makes a mirror, or makes it anew. A credential that is not given stays, as long as address and user do. Throws `invalid_input`,
   * `target_not_allowed`, `limit_exceeded`.
   */
  set(mirror: NewMirror): Promise<MirrorRecord>;
  list(repository: RepositoryRef): Promise<readonly MirrorRecord[]>;
  /** Throws `mirror_not_found`. */
  find(repository: RepositoryRef, name: string): Promise<MirrorRecord>;
  remove(repository: RepositoryRef, name: string): Promise<MirrorRecord>;
  /** Makes it due now. */
  wake(repository: RepositoryRef, name: string): Promise<MirrorRecord>;
  isRunning(mirror: MirrorRecord): boolean;
  /** How the mirror is reached, with its credential: who takes it forgets it. */
  sourceOf(mirror: MirrorRecord): Promise<RemoteSource>;
}

/** A row to be written. The credential is sealed; null: none. */
export interface MirrorRow {
  readonly repository: RepositoryRef;
  readonly name: string;
  readonly direction: MirrorDirection;
  readonly url: string;
  readonly credential: string | null;
  readonly knownHosts: string | null;
  readonly intervalS: number | null;
  readonly nextRunAtMs: number;
}

/** How a run went. */
export interface MirrorResult {
  /** The time that the run was due at; what has made it due anew meanwhile stays. */
  readonly dueAtMs: number;
  readonly ranAtMs: number;
  readonly nextRunAtMs: number | null;
  /** Absent: it went well. */
  readonly problem?: string;
}

/** Where mirrors are kept: the database. */
export interface MirrorStore {
  /** Inserts, or replaces what has this name; how earlier runs went is forgotten then. */
  set(row: MirrorRow, nowMs: number): Promise<MirrorRecord>;
  list(repository: RepositoryRef): Promise<readonly MirrorRecord[]>;
  credentialOf(id: number): Promise<string | undefined>;
  remove(id: number): Promise<void>;
  /** Those whose time has come, the longest due first. */
  due(nowMs: number, limit: number, except: readonly number[]): Promise<readonly MirrorRecord[]>;
  nextDueAtMs(nowMs: number): Promise<number | undefined>;
  makeDue(id: number, atMs: number): Promise<void>;
  finish(id: number, result: MirrorResult): Promise<void>;
  /** Keeps the keys of a mirror that still has this address. */
  keepHostKeys(id: number, url: string, knownHosts: string): Promise<void>;
  /** How far the events have been followed. */
  cursor(): Promise<bigint | undefined>;
  /** All or nothing: push mirrors of these repositories that are not due become due, repositories move, the cursor too. */
  follow(step: MirrorStep): Promise<void>;
}

/** What events mean for mirrors. */
export interface MirrorStep {
  readonly cursor: bigint;
  readonly changed: readonly RepositoryRef[];
  readonly dueAtMs: number;
  /** A mirror that is due before this is about to run, or runs: it becomes due anew. */
  readonly nowMs: number;
  readonly move?: { readonly from: RepositoryRef; readonly to?: RepositoryRef | undefined };
}

export type { RemoteCredential };
