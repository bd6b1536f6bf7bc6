import type { ByteString } from "../domain/bytes.ts";
import { FILTER_BYTES_MAX, FILTER_DEPTH_MAX } from "./request-limits.ts";
import { WireRefusal } from "./wire-refusal.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const OBJECT_TYPES = new Set(["commit", "tree", "blob", "tag"]);
/** What has to be written with % in a part of `combine:` (rev-list's --filter in git-rev-list(1)). */
// eslint-disable-next-line no-control-regex
const RESERVED = /[\x00-\x20~`!@#$^&*()[\]{}\\;'",<>?]/;

/**
 * Checks a filter and gives it with its numbers written out, so that equal filters are equal texts: `blob:none`, `blob:limit=N`,
 * `tree:N`, `object:type=T`, `sparse:oid=BLOB`, `combine:A+B`. Throws `protocol_error` in the words of git.
 */
export function parseFilterSpec(spec: ByteString, depth = 0): ByteString {
  if (spec.length > FILTER_BYTES_MAX || depth > FILTER_DEPTH_MAX) throw new WireRefusal("filter-spec is too long");
  if (spec === "blob:none") return spec;
  const limit = after(spec, "blob:limit=");
  if (limit !== undefined) {
    const bytes = numberOf(limit);
    if (bytes === undefined) throw invalid(spec);
    return `blob:limit=${bytes}`;
  }
  const levels = after(spec, "tree:");
  if (levels !== undefined) {
    const number = numberOf(levels);
    if (number === undefined) throw new WireRefusal("expected 'tree:<depth>'");
    return `tree:${number}`;
  }
  const type = after(spec, "object:type=");
  if (type !== undefined) {
    if (OBJECT_TYPES.has(type)) return spec;
    throw new WireRefusal(`'${type}' for 'object:type=<type>' is not a valid object type`);
  }
  if (after(spec, "sparse:path=") !== undefined) {
    throw new WireRefusal("sparse:path filters support has been dropped");
  }
  const sparse = after(spec, "sparse:oid=");
  if (sparse !== undefined && sparse !== "" && !sparse.includes("\0")) return spec;
  const parts = after(spec, "combine:");
  if (parts === undefined) throw invalid(spec);
  return combined(parts, depth);
}

function combined(text: ByteString, depth: number): ByteString {
  if (text === "") throw new WireRefusal("expected something after combine:");
  const parts = text.split("+").map((part) => {
    const reserved = RESERVED.exec(part);
    if (reserved !== null) throw new WireRefusal(`must escape char in sub-filter-spec: '${reserved[0]}'`);
    return escaped(parseFilterSpec(unescaped(part), depth + 1));
  });
  return `combine:${parts.join("+")}`;
}

const after = (text: ByteString, prefix: string): ByteString | undefined =>
  text.startsWith(prefix) ? text.slice(prefix.length) : undefined;

const invalid = (spec: ByteString): WireRefusal => new WireRefusal(`invalid filter-spec '${spec}'`);

/** A number as git's settings have them: `1k` is 1024. */
function numberOf(text: string): number | undefined {
  const match = /^([0-9]+)([kmg]?)$/i.exec(text);
  if (match === null) return undefined;
  const number = Number(match[1]) * UNITS[match[2]!.toLowerCase()]!;
  return Number.isSafeInteger(number) ? number : undefined;
}

const unescaped = (text: ByteString): ByteString =>
  text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

const escaped = (text: ByteString): ByteString =>
  text.replaceAll(
    // eslint-disable-next-line no-control-regex
    /[\x00-\x20%+~`!@#$^&*()[\]{}\\;'",<>?]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
