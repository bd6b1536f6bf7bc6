/** The ETag of an answer that is known by its text alone; weak, since other texts may say the same. */
export function entityTagOf(text: string): string {
  return `W/"${Bun.hash(text).toString(36)}"`;
}

/** Does the client have what has this ETag already (`If-None-Match`, RFC 9110, section 13.1.2)? */
export function isUnchanged(request: Request, tag: string): boolean {
  const given = request.headers.get("if-none-match");
  if (given === null) return false;
  if (given === tag || given === "*") return true;
  const plain = tag.replace(/^W\//, "");
  return given.split(",").some((each) => each.trim().replace(/^W\//, "") === plain);
}
