/** What one SSH door holds at most, and for how long. */
export interface SshLimits {
  /** Connections at once, with those that have not authenticated. */
  readonly connectionsMax: number;
  /** Connections that have not authenticated; one more drops the oldest of them. */
  readonly unauthenticatedMax: number;
  /** How long a client may take to authenticate. */
  readonly loginGraceMs: number;
  /** Keys and other proofs that one connection may try. */
  readonly authenticationAttemptsMax: number;
  /** Sessions at once on one connection. */
  readonly sessionsPerConnectionMax: number;
  /** Longest command line, characters. */
  readonly commandLengthMax: number;
  /** How long a connection may stay on which no session sends or receives anything. */
  readonly idleTimeoutMs: number;
  /** A silent client is asked for a sign of life this often, */
  readonly keepaliveIntervalMs: number;
  /** and is gone after so many questions without an answer. */
  readonly keepaliveMissedMax: number;
}

export const SSH_LIMITS: SshLimits = {
  connectionsMax: 1024,
  unauthenticatedMax: 128,
  loginGraceMs: 30_000,
  authenticationAttemptsMax: 32,
  sessionsPerConnectionMax: 64,
  commandLengthMax: 8192,
  idleTimeoutMs: 600_000,
  keepaliveIntervalMs: 15_000,
  keepaliveMissedMax: 3,
};
