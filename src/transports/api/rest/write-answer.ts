import type { HttpContent } from "../../../contract/operation.ts";
import { entityTagOf, isUnchanged } from "./entity-tag.ts";
import { rangeOf } from "./byte-range.ts";
import type { RestRoute } from "./rest-route.ts";

/** What repositories hold is nobody's page: a browser that shows it runs nothing of it. */
const CONTENT_GUARDS = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  "x-content-type-options": "nosniff",
};
const FOR_EVER = "private, max-age=31536000, immutable";
const ASK_AGAIN = "private, no-cache";

/** The answer of an operation that has one output. */
export function writeAnswer(prepared: RestRoute, request: Request, input: unknown, output: unknown): Response {
  const { route } = prepared;
  const isRead = prepared.operation.kind === "read";
  const headers = new Headers({ vary: "accept, authorization" });
  headers.set("cache-control", !isRead ? "no-store" : isForEver(prepared, input) ? FOR_EVER : ASK_AGAIN);
  const value = output as Record<string, unknown>;
  const tag = route.etag === undefined ? undefined : value[route.etag];
  if (typeof tag === "string") {
    // Each form of a thing has a tag of its own.
    const strong = route.content === undefined || !prefersJson(request) ? `"${tag}"` : `"${tag}.json"`;
    headers.set("etag", strong);
    if (isRead && isUnchanged(request, strong)) return new Response(null, { status: 304, headers });
  }
  if (route.status === 204) return new Response(null, { status: 204, headers });
  const bytes = route.content?.field === undefined ? undefined : value[route.content.field];
  if (route.content !== undefined && bytes instanceof Uint8Array && !prefersJson(request)) {
    describeContent(headers, route.content, input, output);
    return partOf(request, bytes, headers);
  }
  const text = JSON.stringify(prepared.output.encode(output));
  if (isRead && !headers.has("etag")) {
    const weak = entityTagOf(text);
    headers.set("etag", weak);
    if (isUnchanged(request, weak)) return new Response(null, { status: 304, headers });
  }
  headers.set("content-type", "application/json");
  return new Response(bodyFor(request, text), { status: route.status ?? 200, headers });
}

/** Headers of bytes that a repository holds. */
export function describeContent(headers: Headers, content: HttpContent, input: unknown, output: unknown): void {
  headers.set("content-type", content.type(input as never, output as never));
  for (const [name, guard] of Object.entries(CONTENT_GUARDS)) headers.set(name, guard);
  const filename = content.filename?.(input as never);
  if (filename !== undefined)
    headers.set("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`);
}

/** The bytes, or the range of them that is asked for (RFC 9110, section 14). */
function partOf(request: Request, content: Uint8Array, headers: Headers): Response {
  // No thread shares these bytes.
  const bytes = content as Uint8Array<ArrayBuffer>;
  headers.set("accept-ranges", "bytes");
  const range = rangeOf(request.headers.get("range"), bytes.length);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${bytes.length}`);
    return new Response(null, { status: 416, headers });
  }
  if (range === undefined) return new Response(bodyFor(request, bytes), { headers });
  headers.set("content-range", `bytes ${range.first}-${range.last}/${bytes.length}`);
  return new Response(bodyFor(request, bytes.subarray(range.first, range.last + 1)), { status: 206, headers });
}

function isForEver({ route }: RestRoute, input: unknown): boolean {
  return route.isImmutable?.(input as never) ?? false;
}

/** Is JSON named, and what the content is not? */
export const prefersJson = (request: Request): boolean =>
  /(?:^|[\s,])application\/json/i.test(request.headers.get("accept") ?? "");

const bodyFor = <T>(request: Request, body: T): T | null => (request.method === "HEAD" ? null : body);
