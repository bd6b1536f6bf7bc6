import type { HttpContent } from "../../../contract/operation.ts";
import { OperationError } from "../../../domain/errors.ts";
import { type ByteRange, rangeOf } from "./byte-range.ts";
import { entityTagOf, isStill, isUnchanged, rangeApplies, tagOfId } from "./conditions.ts";
import type { RestRoute } from "./rest-route.ts";

/** What repositories hold is nobody's page: a browser that shows it runs nothing of it. */
const CONTENT_GUARDS = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  "x-content-type-options": "nosniff",
};
const FOR_EVER = "private, max-age=31536000, immutable";
const ASK_AGAIN = "private, no-cache";
const NEVER = "no-store";
const VARY = "accept, authorization";

type AnswerHeaders = Record<string, string>;

/** The answer of an operation that has one output. Throws `precondition_failed`. */
export function writeAnswer(prepared: RestRoute, request: Request, input: unknown, output: unknown): Response {
  const { route, operation } = prepared;
  const isRead = operation.kind === "read";
  const headers = isRead ? readHeaders(prepared, input) : { vary: VARY, "cache-control": NEVER };
  const value = output as Record<string, unknown>;
  const asJson = route.content === undefined || prefersJson(request);
  const id = route.etag === undefined ? undefined : value[route.etag];
  let tag: string | undefined;
  if (typeof id === "string") {
    tag = tagOfId(id, route.content !== undefined && asJson);
    const known = isRead ? knownAnswer(request, tag, headers) : undefined;
    if (known !== undefined) return known;
    headers["etag"] = tag;
  }
  if (route.status === 204) return new Response(null, { status: 204, headers });
  const content = route.content?.field === undefined ? undefined : value[route.content.field];
  if (route.content !== undefined && content instanceof Uint8Array && !asJson) {
    // No thread shares these bytes.
    const bytes = content as Uint8Array<ArrayBuffer>;
    describeContent(headers, route.content, input, output);
    const range = partOf(request, bytes.length, tag, headers);
    if (range === "unsatisfiable") return new Response(null, { status: 416, headers });
    if (range === undefined) return new Response(bodyFor(request, bytes, headers), { headers });
    return new Response(bodyFor(request, bytes.subarray(range.first, range.last + 1), headers), {
      status: 206,
      headers,
    });
  }
  const text = JSON.stringify(prepared.output.encode(output));
  if (isRead && tag === undefined) {
    tag = entityTagOf(text);
    const known = knownAnswer(request, tag, headers);
    if (known !== undefined) return known;
    headers["etag"] = tag;
  }
  headers["content-type"] = "application/json";
  return new Response(bodyFor(request, text, headers), { status: route.status ?? 200, headers });
}

/** The headers that every answer to a read has. */
export function readHeaders({ route }: RestRoute, input: unknown): AnswerHeaders {
  const isForEver = route.isImmutable?.(input as never) ?? false;
  return { vary: VARY, "cache-control": isForEver ? FOR_EVER : ASK_AGAIN };
}

/** 304 for a client that has it already; undefined for one that needs the rest. Throws `precondition_failed`. */
export function knownAnswer({ headers: asked }: Request, tag: string, headers: AnswerHeaders): Response | undefined {
  if (!isStill(asked.get("if-match"), tag)) throw new OperationError("precondition_failed", { etag: tag });
  if (!isUnchanged(asked.get("if-none-match"), tag)) return undefined;
  return new Response(null, { status: 304, headers: { ...headers, etag: tag } });
}

/** Headers of bytes that a repository holds. */
export function describeContent(headers: AnswerHeaders, content: HttpContent, input: unknown, output: unknown): void {
  headers["content-type"] = content.type(input as never, output as never);
  Object.assign(headers, CONTENT_GUARDS);
  const filename = content.filename?.(input as never);
  if (filename !== undefined)
    headers["content-disposition"] = `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`;
}

/** The range that is asked for, told in the headers; undefined for all of the bytes (RFC 9110, section 14). */
export function partOf(
  { headers: asked }: Request,
  length: number,
  tag: string | undefined,
  headers: AnswerHeaders,
): ByteRange | "unsatisfiable" | undefined {
  headers["accept-ranges"] = "bytes";
  const wanted = asked.get("range");
  if (wanted === null || !rangeApplies(asked.get("if-range"), tag)) return undefined;
  const range = rangeOf(wanted, length);
  if (range === "unsatisfiable") headers["content-range"] = `bytes */${length}`;
  else if (range !== undefined) headers["content-range"] = `bytes ${range.first}-${range.last}/${length}`;
  return range;
}

/** Is JSON named, and what the content is not? */
export const prefersJson = (request: Request): boolean =>
  /(?:^|[\s,])application\/json/i.test(request.headers.get("accept") ?? "");

/** The body, or for HEAD its length alone. */
function bodyFor<T extends string | Uint8Array>(request: Request, body: T, headers: AnswerHeaders): T | null {
  if (request.method !== "HEAD") return body;
  headers["content-length"] = String(Buffer.byteLength(body));
  return null;
}
