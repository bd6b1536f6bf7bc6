import { Elysia } from "elysia";
import type { Operation } from "../../../contract/operation.ts";
import type { Caller } from "../../../contract/principal.ts";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { errorResponse } from "../../http/error-response.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import { isPaged, pagedInput, pageOfList, wholeList } from "./list-page.ts";
import { readInput } from "./read-input.ts";
import { inRequestWords } from "./request-words.ts";
import { REST_PREFIX, type RestRoute, restRoutes } from "./rest-route.ts";
import { streamAnswer } from "./stream-answer.ts";
import { writeAnswer } from "./write-answer.ts";

export interface RestOptions {
  readonly engine: Engine;
  /** Those that have a route are served. */
  readonly operations: readonly Operation[];
  /** Largest body of a request. */
  readonly bodyBytesMax: number;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** The REST API: every operation that has a route, below `/v1`. */
export function restDoor(options: RestOptions): HttpDoor {
  const routes = restRoutes(options.operations);
  const calls = new WeakMap<Request, HttpCall>();
  const app = new Elysia({ aot: true });
  for (const prepared of routes) {
    const respond = ({ request }: { request: Request }) => answer(prepared, request, calls.get(request)!, options);
    const pattern = patternOf(prepared.path);
    app.route(prepared.route.method, pattern, respond, { parse: "none" });
    if (prepared.route.method === "GET") app.route("HEAD", pattern, respond, { parse: "none" });
  }
  // Nothing of the framework's own words reaches a client.
  app.onError(({ request }) =>
    errorResponse(noRoute(request, calls.get(request)!, routes), calls.get(request)!.requestId),
  );
  return (request, call) => {
    const { pathname } = call.url;
    if (pathname !== REST_PREFIX && !pathname.startsWith(`${REST_PREFIX}/`)) return undefined;
    calls.set(request, call);
    return app.handle(request);
  };
}

/** The router wants parameters in one place to have one name; which field they are is known by their place. */
const patternOf = (path: string): string =>
  path
    .split("/")
    .map((segment, index) => (segment.startsWith(":") ? `:p${index}` : segment))
    .join("/");

async function answer(prepared: RestRoute, request: Request, call: HttpCall, options: RestOptions): Promise<Response> {
  const { engine } = options;
  const { operation, route } = prepared;
  let running = false;
  try {
    const principal = await call.principal();
    const input = await readInput(prepared, request, rawAddress(request), engine, options.bodyBytesMax);
    const caller: Caller = {
      principal,
      door: "rest",
      requestId: call.requestId,
      peer: call.peer,
      signal: call.signal,
    };
    running = true;
    switch (operation.shape) {
      case "call": {
        const output = await engine.run(operation as Operation<never, never, "call">, input as never, caller);
        return writeAnswer(prepared, request, input, output);
      }
      case "list": {
        const list = operation as Operation<never, never, "list">;
        const run = (asked: Record<string, unknown>) =>
          engine.run(list, asked as never, caller) as AsyncIterable<unknown[]>;
        if (!isPaged(prepared)) return writeAnswer(prepared, request, input, await wholeList(run(input)));
        const paged = pagedInput(input);
        const page = await pageOfList(run(paged.input), paged.limit, route.pageKey!);
        return writeAnswer(prepared, request, input, page);
      }
      case "download": {
        call.watchTime();
        const pieces = engine.run(operation as Operation<never, never, "download">, input as never, caller);
        return await streamAnswer(prepared, request, input, pieces, (error) => {
          if (!(error instanceof OperationError)) options.onBug(error, call.requestId);
        });
      }
      default:
        throw new OperationError("unsupported", { what: `${operation.name}, a ${operation.shape}, over REST` });
    }
  } catch (error) {
    if (!(error instanceof OperationError)) options.onBug(error, call.requestId);
    else if (!running) call.refused(error);
    // A condition that the client has put on the request is a precondition; a value that it expected is a conflict.
    const isPrecondition = route.ifMatch !== undefined && request.headers.has("if-match");
    const told = error instanceof OperationError ? inRequestWords(error, operation) : error;
    const response = errorResponse(told, call.requestId);
    return isPrecondition && (hasReason(error, "reference_mismatch") || hasReason(error, "file_mismatch"))
      ? new Response(response.body, { status: 412, headers: response.headers })
      : response;
  }
}

/** The address as the client wrote it: segments may hold escaped slashes, and bytes that are not UTF-8. */
function rawAddress({ url }: Request): { readonly pathname: string; readonly search: string } {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("#", start);
  const whole = start < 0 ? "/" : url.slice(start, end < 0 ? undefined : end);
  const at = whole.indexOf("?");
  return at < 0 ? { pathname: whole, search: "" } : { pathname: whole.slice(0, at), search: whole.slice(at) };
}

/** Nothing at this address, or nothing for this method. */
function noRoute(request: Request, call: HttpCall, routes: readonly RestRoute[]): OperationError {
  const { pathname } = rawAddress(request);
  const methods = routes.filter(({ path }) => matches(path, pathname)).map(({ route }) => route.method);
  const error =
    methods.length === 0
      ? new OperationError("address_unknown", { path: pathname })
      : new OperationError("method_not_allowed", { method: request.method, allowed: [...new Set(methods)] });
  call.refused(error);
  return error;
}

function matches(pattern: string, pathname: string): boolean {
  const [wanted, given] = [pattern.split("/"), pathname.split("/")];
  return (
    wanted.length === given.length &&
    wanted.every((segment, at) => (segment.startsWith(":") ? given[at] !== "" : segment === given[at]))
  );
}
