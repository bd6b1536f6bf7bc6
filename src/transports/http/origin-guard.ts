import { OperationError } from "../../domain/errors.ts";

/** How long a browser may remember what it was allowed to ask. */
const PREFLIGHT_AGE_S = 600;
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const EXPOSED = "ETag, Link, Location, Mcp-Session-Id, Retry-After, WWW-Authenticate";

/** Whose page a request comes from: nobody's or our own, or one of another origin that is listed. */
export type PageOrigin = "ours" | "listed";

/**
 * Makes the check of the `Origin` header (RFC 6454). A page of a browser can make requests to us in its user's name or place; those of
 * origins that nobody listed are refused on every door.
 */
export function originGuard(
  listed: readonly string[],
  publicUrl?: URL,
): (origin: string | null, url: URL) => PageOrigin {
  const allowed = new Set(listed);
  return (origin, url) => {
    if (origin === null || origin === url.origin || origin === publicUrl?.origin) return "ours";
    if (allowed.has(origin)) return "listed";
    throw new OperationError("origin_not_allowed", { origin });
  };
}

/** The answer to a browser's question whether it may ask (Fetch standard, CORS-preflight); undefined for other requests. */
export function preflightAnswer({ method, headers }: Request): Response | undefined {
  if (method !== "OPTIONS" || !headers.has("access-control-request-method")) return undefined;
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": METHODS,
      "access-control-allow-headers": headers.get("access-control-request-headers") ?? "",
      "access-control-max-age": String(PREFLIGHT_AGE_S),
    },
  });
}

/** Lets a page of a listed origin read an answer. */
export function shareWith(origin: string, response: Response): Response {
  response.headers.set("access-control-allow-origin", origin);
  response.headers.set("access-control-expose-headers", EXPOSED);
  response.headers.append("vary", "Origin");
  return response;
}
