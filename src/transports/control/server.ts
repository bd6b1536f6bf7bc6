import { chmodSync, rmSync } from "node:fs";
import type { Operation } from "../../contract/operation.ts";
import type { Caller, Principal } from "../../contract/principal.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Engine } from "../../engine/engine.ts";
import type { HttpCall, HttpDoor } from "../http/http-door.ts";
import { JsonOperations } from "../../engine/json-operations.ts";
import { errorBody, httpStatus } from "./error-body.ts";

/** Of operations' inputs; doors of the HTTP port count what they read themselves. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
const OWNER_ONLY = 0o600;
/** unix(7): 108 bytes with the zero at the end. */
const SOCKET_PATH_BYTES_MAX = 107;

const CONTROL: Principal = { kind: "control", name: "control" };

export interface ControlServerOptions {
  /** Where the socket is made: `<data>/control.sock`. Whoever holds the data directory's lock owns this path. */
  readonly path: string;
  readonly engine: Engine;
  readonly operations: readonly Operation[];
  readonly newRequestId: () => string;
  /** A door of the HTTP port that is reached here as well; undefined for what is not for it. */
  readonly door?: HttpDoor;
  /** Who sends credentials all the same. */
  readonly principalOf?: (authorization: string) => Promise<Principal>;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

export interface ControlServer {
  close(): Promise<void>;
}

/**
 * Opens the control socket. `POST /operations/<name>` with the operation's input as JSON runs it: a `call` answers its result,
 * a `list` answers lines `{"item"}` and at the end `{"end"}` or `{"error"}`, and so do a `download`,
 * piece by piece, and a `watch`, event by event. Only the server's own account may connect.
 */
export function startControlServer(options: ControlServerOptions): ControlServer {
  const operations = new JsonOperations(options.engine, options.operations);
  if (Buffer.byteLength(options.path) > SOCKET_PATH_BYTES_MAX) {
    throw new Error(`the data directory's path is too long for a socket in it: ${options.path}`);
  }
  rmSync(options.path, { force: true });
  // The mask is for the moment between making the socket and setting its mode.
  const mask = process.umask(0o177);
  const server = Bun.serve({
    unix: options.path,
    maxRequestBodySize: BODY_BYTES_MAX,
    // Maintenance and watching may be silent for as long as they like. The types know of idle TCP connections alone.
    ...({ idleTimeout: 0 } as object),
    fetch: (request) => answer(request, operations, options),
  });
  process.umask(mask);
  chmodSync(options.path, OWNER_ONLY);
  return {
    async close() {
      await server.stop(true);
      rmSync(options.path, { force: true });
    },
  };
}

async function answer(request: Request, operations: JsonOperations, options: ControlServerOptions): Promise<Response> {
  const requestId = options.newRequestId();
  try {
    const elsewhere = options.door?.(request, callOf(request, requestId, options));
    if (elsewhere !== undefined) return await elsewhere;
    const name = /^\/operations\/(\w+)$/.exec(new URL(request.url, "http://control").pathname)?.[1] ?? "";
    if (request.method !== "POST") throw new OperationError("unimplemented", { what: name });
    const shape = operations.shapeOf(name);
    const input = await bodyOf(request);
    const gone = new AbortController();
    request.signal.addEventListener("abort", () => gone.abort(), { once: true });
    const caller = callerOf(gone.signal, requestId);
    if (shape === "call") return Response.json(await operations.call(name, input, caller));
    return lines(operations.list(name, input, caller), gone, (error) => failed(error, requestId, options));
  } catch (error) {
    return Response.json(failed(error, requestId, options), { status: httpStatus(error) });
  }
}

/** A request as doors of the HTTP port see it; whoever may open the socket needs no credentials. */
function callOf(request: Request, requestId: string, { principalOf }: ControlServerOptions): HttpCall {
  const authorization = request.headers.get("authorization");
  return {
    requestId,
    peer: "control socket",
    url: new URL(request.url, "http://control"),
    signal: request.signal,
    principal: async () =>
      authorization === null || principalOf === undefined ? CONTROL : await principalOf(authorization),
    watchTime: () => {},
    refused: () => {},
    upgrade: () => {
      throw new OperationError("unsupported", { what: "a WebSocket over the control socket" });
    },
  };
}

async function bodyOf(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (error) {
    throw new OperationError("malformed_request", { part: "body", problem: "is not JSON" }, { cause: error });
  }
}

function callerOf(signal: AbortSignal, requestId: string): Caller {
  return { principal: CONTROL, door: "control", requestId, peer: "control socket", signal };
}

/** Items as lines, one batch at a time, no faster than they are read. */
function lines(
  batches: AsyncIterable<unknown[]>,
  gone: AbortController,
  failure: (error: unknown) => object,
): Response {
  const iterator = batches[Symbol.asyncIterator]();
  const body = new ReadableStream({
    async pull(controller) {
      const text = (values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
      try {
        const next = await iterator.next();
        if (gone.signal.aborted) return;
        const items = next.done === true ? [{ end: true }] : next.value.map((item) => ({ item }));
        controller.enqueue(text(items));
        if (next.done === true) controller.close();
      } catch (error) {
        if (gone.signal.aborted) return;
        controller.enqueue(text([{ error: failure(error) }]));
        controller.close();
      }
    },
    async cancel() {
      // Who waits for an event would not hear of the end before the next one.
      gone.abort();
      await iterator.return?.();
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

function failed(error: unknown, requestId: string, options: ControlServerOptions): object {
  if (!(error instanceof OperationError)) options.onBug(error, requestId);
  return errorBody(error, requestId);
}
