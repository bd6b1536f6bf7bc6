import type { Clock } from "./clock.ts";
import type { TokenKind } from "./credentials.ts";
import type { RetryOptions } from "./retry-policy.ts";

/** How the client's end of TLS is set up. */
export interface TlsOptions {
  /** Certificates that are trusted, PEM; those of the system without. */
  readonly ca?: string | Uint8Array;
  /** The client's own certificate and key, PEM, for servers that ask for one. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** The name that the server's certificate is made out to, where it is not the host of the address. */
  readonly serverName?: string;
}

/** Which server a client speaks to, and how. */
export interface GitalyClientOptions {
  /**
   * `host:port`, `grpc://host:port`, `grpcs://host:port` or `tls://host:port` (TLS), `unix:/path`. Without it the environment's
   * `HOLDFAST_GITALY_ADDRESS`, then `CONMAN_GITALY_ADDRESS`.
   */
  readonly address?: string | undefined;
  /** The secret that is shared with the server; nothing is shown without. */
  readonly token?: string | undefined;
  /** `bearer` (without) shows the secret as it is; `v2` proves it by a code that is made for each call. */
  readonly tokenKind?: TokenKind;
  /** TLS; `true` for the system's certificates. The address can ask for it by its scheme, too. */
  readonly tls?: boolean | TlsOptions;
  /** For calls that do not say otherwise, in milliseconds, further attempts included: 30,000 without; `Infinity` for no end. */
  readonly defaultTimeoutMs?: number;
  readonly retry?: RetryOptions;
  /** The largest single message that is taken, in bytes: 64 MiB without. Answers are made of as many as they need. */
  readonly messageBytesMax?: number;
  /** For tests: the time that waits and tokens go by. */
  readonly clock?: Clock;
  /** For tests: the chance that jitter is drawn from, 0 to 1. */
  readonly random?: () => number;
}
