/** What the listener knows of a request besides itself. */
export interface HttpCall {
  readonly requestId: string;
  /** Address of the client: `127.0.0.1:53210`. */
  readonly peer: string;
  readonly url: URL;
}

/**
 * A door that shares the HTTP port. It answers the requests that are for it and leaves the others to the next one. OperationErrors
 * that it throws are answered in the shape that all HTTP doors share.
 */
export type HttpDoor = (request: Request, call: HttpCall) => Response | Promise<Response> | undefined;
