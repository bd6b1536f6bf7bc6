import type { RepositoryRef } from "./repository-ref.ts";

/** Who is calling, as the door has established it. */
export interface Principal {
  /**
   * `service` is the holder of the shared secret (or anyone on loopback when there is none), `control` whoever may open the
   * control socket: both may do everything. `user` has an account; `anonymous` came without credentials.
   */
  readonly kind: "service" | "control" | "user" | "anonymous";
  /** Name of the account; for those without one, the kind. */
  readonly name: string;
  /** The account of a `user`. */
  readonly user?: { readonly id: number; readonly isAdmin: boolean };
  /** What the token in use narrows the user's rights to. */
  readonly token?: TokenScope;
  /** The SSH key in use. */
  readonly key?: { readonly id: number; readonly fingerprint: string };
}

/** What a token is good for; what it does not narrow is what its user may do. */
export interface TokenScope {
  readonly id: number;
  readonly access: "read" | "write";
  /** Patterns of full names of repositories (wildmatch), any of which must match; absent: all. */
  readonly repositories?: readonly string[];
  /** Patterns of full reference names that may be changed; absent: all. */
  readonly refs?: readonly string[];
  /** When it ends, in milliseconds since 1970; absent: never. */
  readonly expiresAtMs?: number;
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
export type Door =
  | "gitaly"
  | "control"
  | "rest"
  | "graphql"
  | "mcp"
  | "grpc"
  | "ws"
  | "sse"
  | "http"
  | "ssh"
  | "git"
  | "internal";

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
  /** The write is the same as any other of this caller with this key, and happens once; reads do not mind. */
  readonly idempotencyKey?: string;
  /** Told that the answer to come is what came of an earlier write with the same key. */
  readonly onReplayed?: () => void;
  /** Identifier and path of the repository in the caller's own system; passed on to hooks. */
  readonly glRepository?: string;
  readonly glProjectPath?: string;
  /** What the client in front of the caller speaks; hooks are told. Absent: what the door speaks. */
  readonly glProtocol?: "http" | "ssh";
}

export type { RepositoryRef };
