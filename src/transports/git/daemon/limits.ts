/** What the git:// door holds at most, and for how long. */
export interface DaemonLimits {
  /** Connections that are served at once. */
  readonly connectionsMax: number;
  /** Of these, from one address. */
  readonly connectionsPerAddressMax: number;
  /** Connections that have not said what they want; one more drops the oldest of them. */
  readonly waitingMax: number;
  /** How long a client may take to say what it wants. */
  readonly requestTimeoutMs: number;
  /** How long a connection may stay on which nothing is sent or received. */
  readonly idleTimeoutMs: number;
  /** How long an answer goes on for a client that has closed its side of the connection. */
  readonly halfClosedMs: number;
}

export const DAEMON_LIMITS: DaemonLimits = {
  connectionsMax: 512,
  connectionsPerAddressMax: 128,
  waitingMax: 128,
  requestTimeoutMs: 15_000,
  idleTimeoutMs: 600_000,
  halfClosedMs: 1_000,
};
