import type { GitRepo } from "../domain/repo.ts";
import type { GitUser } from "../domain/user.ts";
import type { GitAdapter } from "../git-adapter.ts";

/**
 * What an adapter may lack; checks that need it are left out then.
 * - `changes`: what is written can be read again; a mock has none
 * - `sha256`: repositories with ids of 64 digits
 * - `large`: files of several megabytes, trees of thousands of entries
 */
export type ContractCapability = "changes" | "sha256" | "large";

/** What a check works on: made anew for each check. */
export interface ContractContext {
  readonly adapter: GitAdapter;
  /** Names a repository that does not exist yet, and that no other check uses. */
  readonly repo: GitRepo;
  readonly user: GitUser;
  /** Gives back what was made for the check. */
  readonly close?: () => Promise<void> | void;
}

/** One promise of `GitAdapter`; rejects with an `AssertionError` when it is not kept. */
export interface ContractCheck {
  readonly name: string;
  /** Capabilities it cannot do without; none for most reads. */
  readonly needs: readonly ContractCapability[];
  /** Makes what it needs in the context's repository, and looks. */
  readonly run: (context: ContractContext) => Promise<void>;
}

/** A check of an adapter that really writes. */
export function changing(name: string, run: ContractCheck["run"], ...more: ContractCapability[]): ContractCheck {
  return { name, needs: ["changes", ...more], run };
}

/** A check that any adapter passes, a mock included. */
export function reading(name: string, run: ContractCheck["run"]): ContractCheck {
  return { name, needs: [], run };
}
