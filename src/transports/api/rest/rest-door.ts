import { Elysia } from "elysia";
import type { Operation } from "../../../contract/operation.ts";
import { OperationError } from "../../../domain/errors.ts";
import { errorResponse } from "../../http/error-response.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import { ownerAndNameDoor } from "./owner-and-name-door.ts";
import { pathnameOf, withoutTrailingSlash } from "./request-address.ts";
import { REST_PREFIX, type RestRoute, restRoutes } from "./rest-route.ts";
import { RouteTable } from "./route-table.ts";
import { type RouteServices, runRoute } from "./run-route.ts";

export interface RestOptions extends RouteServices {
  /** Those that have a route are served. */
  readonly operations: readonly Operation[];
}

/** The REST API: every operation that has a route, below `/v1`, and repositories by owner and name below `/api/repos`. */
export function restDoor(options: RestOptions): HttpDoor {
  const routes = restRoutes(options.operations);
  const calls = new WeakMap<Request, HttpCall>();
  const app = new Elysia({ aot: true });
  for (const prepared of routes) {
    const respond = ({ request }: { request: Request }) => runRoute(prepared, request, calls.get(request)!, options);
    app.route(prepared.route.method, prepared.path, respond, { parse: "none" });
  }
  // Nothing of the framework's own words reaches a client.
  app.onError(({ request }) => noRoute(request, calls.get(request)!, routes));
  const reads = new RouteTable(routes.filter(({ route }) => route.method === "GET"));
  const ownerAndName = ownerAndNameDoor(options);
  return (request, call) => {
    const { pathname } = call.url;
    if (pathname !== REST_PREFIX && !pathname.startsWith(`${REST_PREFIX}/`)) return ownerAndName(request, call);
    // Reads are most of what is asked, and of HEAD the framework would read the whole answer to tell its length.
    const isRead = request.method === "GET" || request.method === "HEAD";
    const reading = isRead ? reads.find(pathnameOf(request)) : undefined;
    if (reading !== undefined) return runRoute(reading, request, call, options);
    calls.set(request, call);
    // `DELETE …/collaborators/..` has become `DELETE …/` on the way here, which would be something far larger than what was meant.
    if (request.method === "DELETE" && pathnameOf(request).endsWith("/")) return noRoute(request, call, []);
    return app.handle(request);
  };
}

/** Nothing at this address, or nothing for this method; or the methods, to whom asks for them. */
function noRoute(request: Request, call: HttpCall, routes: readonly RestRoute[]): Response {
  const pathname = pathnameOf(request);
  const allowed = methodsAt(pathname, routes);
  if (request.method === "OPTIONS" && allowed.length > 0)
    return new Response(null, { status: 204, headers: { allow: allowed.join(", ") } });
  const error =
    allowed.length === 0
      ? new OperationError("address_unknown", { path: pathname })
      : new OperationError("method_not_allowed", { method: request.method, allowed });
  call.refused(error);
  return errorResponse(error, call.requestId);
}

/** The routes of the path that says most of this address: `/commits/amend` is no `/commits/:rev`. */
function routesAt(pathname: string, routes: readonly RestRoute[]): RestRoute[] {
  const found = routes.filter(({ path }) => matches(path, pathname));
  const fewest = Math.min(...found.map(({ parameters }) => parameters.size));
  return found.filter(({ parameters }) => parameters.size === fewest);
}

function methodsAt(pathname: string, routes: readonly RestRoute[]): string[] {
  const methods = new Set<string>(routesAt(pathname, routes).map(({ route }) => route.method));
  if (methods.size === 0) return [];
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods, "OPTIONS"];
}

function matches(pattern: string, pathname: string): boolean {
  const [wanted, given] = [pattern.split("/"), withoutTrailingSlash(pathname).split("/")];
  return (
    wanted.length === given.length &&
    wanted.every((segment, at) => (segment.startsWith(":") ? given[at] !== "" : segment === given[at]))
  );
}
