import { OperationError } from "../../domain/errors.ts";
import { errorResponse } from "./error-response.ts";
import type { HttpCall, HttpDoor } from "./http-door.ts";
import { hostGuard } from "./loopback-guard.ts";

/** Bodies of requests; doors that take more mount with limits of their own. */
const BODY_BYTES_MAX = 1024 * 1024;
/** A connection that has nothing to say for so long is closed. */
const IDLE_TIMEOUT_S = 120;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Asked in this order; the first that answers wins. */
  readonly doors: readonly HttpDoor[];
  readonly newRequestId: () => string;
  /** Certificate and key in PEM; without them the connection is plain. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Names under which clients may ask, besides those of loopback, while listening there. */
  readonly allowedHosts?: readonly string[];
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Accepts no more requests, waits for those that run, and breaks them off after the given time. */
  close(timeoutMs: number): Promise<void>;
}

/** Opens the HTTP port. Throws when it cannot listen. */
export function startHttpServer(options: HttpServerOptions): HttpServer {
  const guard = hostGuard(options.host, options.allowedHosts);
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    maxRequestBodySize: BODY_BYTES_MAX,
    idleTimeout: IDLE_TIMEOUT_S,
    ...(options.tls && { tls: { cert: options.tls.cert, key: options.tls.key } }),
    fetch: async (request, bun) => {
      const requestId = options.newRequestId();
      try {
        guard(request.headers.get("host"));
        return await answer(request, callOf(request, bun, requestId), options.doors);
      } catch (error) {
        if (!(error instanceof OperationError)) options.onBug(error, requestId);
        return errorResponse(error, requestId);
      }
    },
  });
  return { host: options.host, port: server.port ?? 0, close: (timeoutMs) => close(server, timeoutMs) };
}

async function answer(request: Request, call: HttpCall, doors: readonly HttpDoor[]): Promise<Response> {
  for (const door of doors) {
    const response = door(request, call);
    if (response !== undefined) return response;
  }
  throw new OperationError("address_unknown", { path: call.url.pathname });
}

function callOf(request: Request, server: Bun.Server<unknown>, requestId: string): HttpCall {
  const address = server.requestIP(request);
  return {
    requestId,
    peer: address === null ? "unknown" : `${address.address}:${address.port}`,
    url: new URL(request.url),
  };
}

async function close(server: Bun.Server<unknown>, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => void server.stop(true), timeoutMs);
  await server.stop(false);
  clearTimeout(timer);
}
