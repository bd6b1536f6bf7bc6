import { OperationError } from "../../../domain/errors.ts";

/** An entity tag as it stands in a header (RFC 9110, section 8.8.3). */
const TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
/** The JSON form of a thing whose other form is bytes has a tag of its own: the id, and this. */
const JSON_FORM = ".json";

/** The ETag of an answer that is known by its text alone; weak, since other texts may say the same. */
export function entityTagOf(text: string): string {
  return `W/"${Bun.hash(text).toString(36)}"`;
}

/** The ETag of what has an id. */
export const tagOfId = (id: string, asJson: boolean): string => (asJson ? `"${id}${JSON_FORM}"` : `"${id}"`);

/** Does the client have what has this ETag already (`If-None-Match`, RFC 9110, section 13.1.2)? Weak tags compare as strong ones do. */
export function isUnchanged(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false;
  if (ifNoneMatch === tag || ifNoneMatch === "*") return true;
  return listed(ifNoneMatch).some((each) => opaque(each) === opaque(tag));
}

/** Is the thing still as the client knows it (`If-Match`, RFC 9110, section 13.1.1)? Weak tags never say so. */
export function isStill(ifMatch: string | null, tag: string): boolean {
  if (ifMatch === null || ifMatch === "*") return true;
  return !tag.startsWith("W/") && listed(ifMatch).includes(tag);
}

/** May the range be served (`If-Range`, RFC 9110, section 13.1.5)? Only where its tag is the thing's, and strong; times mean nothing here. */
export function rangeApplies(ifRange: string | null, tag: string | undefined): boolean {
  return ifRange === null || (ifRange === tag && !ifRange.startsWith("W/"));
}

/** The id that a write expects, from `If-Match`: exactly one tag, of either form. Throws `malformed_request`. */
export function expectedId(ifMatch: string): string {
  const [, weak, id = ""] = TAG.exec(ifMatch.trim()) ?? [];
  if (weak !== undefined) throw malformed("has a weak tag, which matches nothing");
  if (id === "" && !/^[0-9a-f]+$/.test(ifMatch)) throw malformed("is not one entity tag");
  return (id === "" ? ifMatch : id).replace(/\.json$/, "");
}

const malformed = (problem: string) => new OperationError("malformed_request", { part: "if-match", problem });

/** Tags of ours hold no commas, so that others need not be read with care. */
const listed = (header: string): string[] => header.split(",").map((each) => each.trim());

const opaque = (tag: string): string => tag.replace(/^W\//, "");
