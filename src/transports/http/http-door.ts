import type { Principal } from "../../contract/principal.ts";
import type { OperationError } from "../../domain/errors.ts";
import type { SocketListener } from "./live-socket.ts";

/** What the listener knows of a request besides itself. */
export interface HttpCall {
  readonly requestId: string;
  /** Address of the client: `127.0.0.1:53210`; behind a trusted proxy what that says. */
  readonly peer: string;
  /** The address as the client wrote it, also behind a trusted proxy. */
  readonly url: URL;
  /** Fires when the client goes away, also in the middle of its body or of the answer. */
  readonly signal: AbortSignal;
  /**
   * Who is calling, by the credentials of the request; found out once. Rejects with `unauthenticated` for credentials that are
   * not good, and for none where callers without any may do nothing.
   */
  principal(): Promise<Principal>;
  /** The door watches over the time itself: the connection may be silent as long as the door likes. */
  watchTime(): void;
  /** Writes the line of the log for a call that the door refuses before any operation runs. What doors throw has it already. */
  refused(error: OperationError): void;
  /** Makes a WebSocket of the request; the door returns what this returns. Throws `invalid_input` for a request that asks for none. */
  upgrade(listener: SocketListener): Response;
}

/**
 * A door that shares the HTTP port. It answers the requests that are for it and leaves the others to the next one. OperationErrors
 * that it throws are answered in the shape that all HTTP doors share. Bodies may have any size: a door counts what it reads.
 */
export type HttpDoor = (request: Request, call: HttpCall) => Response | Promise<Response> | undefined;
