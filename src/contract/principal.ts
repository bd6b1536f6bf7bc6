import type { RepositoryRef } from "./repository-ref.ts";

/** Who is calling, as the door has established it. */
export interface Principal {
  /** `service` is the holder of the shared secret (or anyone on loopback when there is none) and may do everything. */
  readonly kind: "service" | "control";
  readonly name: string;
}

/** On whose behalf a change is made: recorded, given to hooks, never asked for permission. */
export interface Actor {
  /** Identifier in the caller's own system, such as `user-42`; empty when the caller sent none. */
  readonly id: string;
  readonly username: string;
  readonly name: Uint8Array;
  readonly email: Uint8Array;
}

/** Through which door a call came in. */
export type Door = "gitaly" | "control" | "rest" | "graphql" | "mcp" | "http" | "ssh" | "git" | "internal";

/** What a door tells the engine about one call. */
export interface Caller {
  readonly principal: Principal;
  readonly door: Door;
  readonly requestId: string;
  /** Address of the peer, for the log. */
  readonly peer: string;
  /** Fires when the client goes away, and when its deadline passes: the door sees to both. */
  readonly signal: AbortSignal;
  /** When the client stops waiting, in milliseconds since 1970; absent when it set no deadline. */
  readonly deadlineAtMs?: number;
  readonly actor?: Actor;
  /** Identifier and path of the repository in the caller's own system; passed on to hooks. */
  readonly glRepository?: string;
  readonly glProjectPath?: string;
}

export type { RepositoryRef };
