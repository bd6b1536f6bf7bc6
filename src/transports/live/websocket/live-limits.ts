/** Channels of one socket. */
export const SUBSCRIPTIONS_MAX = 100;
/** How long a socket may stay that says nothing about who it is, where that must be said. */
export const AUTHENTICATE_MAX_MS = 10_000;
/** How long a client may take to read what waits for it; then it is let go. */
export const DRAIN_MAX_MS = 30_000;
/** How long a client may take to answer a goodbye. */
export const GOODBYE_MAX_MS = 2_000;

/** Codes with which the server closes a socket (RFC 6455, 7.4). */
export const CLOSE = {
  shuttingDown: 1001,
  invalidData: 1003,
  tooSlow: 1013,
  unauthenticated: 4401,
  tooMany: 4429,
} as const;

/** The code with which a socket is closed that serves one request, by the status that HTTP has for it: 4404 for 404. */
export const closeCodeOf = (httpStatus: number): number => 4000 + httpStatus;
