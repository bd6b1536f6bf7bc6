import type { Static } from "@sinclair/typebox";
import { Maybe, RepositoryField, Type } from "./fields.ts";
import type { Caller } from "./principal.ts";
import { RemoteFields } from "./remotes.ts";
import type { RepositoryRef } from "./repository-ref.ts";

/** What a clone is asked for. */
export const CloneInput = Type.Object(
  {
    repository: RepositoryField,
    ...RemoteFields,
    private: Maybe(
      Type.Boolean({
        description: "Only its owner, collaborators and administrators see it; absent: where a credential was needed",
      }),
    ),
  },
  { additionalProperties: false },
);

export type CloneState = "running" | "done" | "failed" | "canceled";

/** A clone that runs by itself, or has run. One that runs ends with the server, and says so. */
export interface CloneJob {
  readonly repository: RepositoryRef;
  readonly url: string;
  readonly state: CloneState;
  /** The newest line of git's progress. */
  readonly progress?: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  /** Why it has failed: the reason, and a sentence. */
  readonly problem?: { readonly reason: string; readonly message: string };
}

/** Clones that outlast the request that has begun them. A caller sees his own; administrators of the server see all. */
export interface Clones {
  /** Begins one, on behalf of the caller. Throws `clone_running`, `limit_exceeded`. */
  start(input: Static<typeof CloneInput>, caller: Caller): Promise<CloneJob>;
  /** Throws `clone_not_found`. */
  find(repository: RepositoryRef, caller: Caller): Promise<CloneJob>;
  /** Ends it and waits until nothing of it is left. Throws `clone_not_found`. */
  cancel(repository: RepositoryRef, caller: Caller): Promise<CloneJob>;
}

/** A clone, and whose it is. */
export interface KnownClone {
  readonly job: CloneJob;
  readonly owner: string;
}

/** What outlasts the server of clones: the newest of each repository's name. */
export interface CloneStore {
  put(clone: KnownClone): Promise<void>;
  find(repository: RepositoryRef): Promise<KnownClone | undefined>;
  /** Those that had not ended when they were last written down. */
  running(): Promise<KnownClone[]>;
  /** Forgets what has ended before a time, in milliseconds since 1970. */
  prune(endedBeforeMs: number): Promise<void>;
}
