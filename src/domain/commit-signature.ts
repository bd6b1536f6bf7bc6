import type { ObjectFormat } from "./oid.ts";

/** The header of a commit that has its signature (gitformat-signature(5)), by the object format that was signed. */
const HEADERS: Readonly<Record<ObjectFormat, string>> = { sha1: "gpgsig", sha256: "gpgsig-sha256" };

/** Puts a signature into the content of a commit that has none: as the last header, its later lines behind a space each. */
export function withSignature(content: Uint8Array, signature: string, format: ObjectFormat): Uint8Array {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const end = bytes.indexOf("\n\n") + 1;
  const header = `${HEADERS[format]} ${signature.trimEnd().replaceAll("\n", "\n ")}\n`;
  return Buffer.concat([bytes.subarray(0, end), Buffer.from(header), bytes.subarray(end)]);
}

/** A commit's signature, and what it was made over: the content without any. */
export interface FoundSignature {
  readonly payload: Uint8Array;
  readonly signature: string;
}

/** Takes a commit's content and its signature apart, as git does; undefined for a commit without a signature for this format. */
export function signatureIn(content: Uint8Array, format: ObjectFormat): FoundSignature | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const end = bytes.indexOf("\n\n");
  const headerEnd = end < 0 ? bytes.length : end + 1;
  const label = `${HEADERS[format]} `;
  const kept: string[] = [];
  let signature = "";
  let within: "ours" | "other" | undefined;
  for (const line of bytes.toString("latin1", 0, headerEnd).split(/(?<=\n)/)) {
    if (!line.startsWith(" "))
      within = line.startsWith(label) ? "ours" : line.startsWith("gpgsig") ? "other" : undefined;
    // The first line stands behind the header's name, the others behind a space.
    if (within === "ours") signature += line.slice(line.startsWith(" ") ? 1 : label.length);
    else if (within === undefined) kept.push(line);
  }
  if (signature === "") return undefined;
  return { payload: Buffer.concat([Buffer.from(kept.join(""), "latin1"), bytes.subarray(headerEnd)]), signature };
}
