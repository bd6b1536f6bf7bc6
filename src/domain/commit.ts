import type { ByteString } from "./bytes.ts";
import type { Identity } from "./identity.ts";
import { parseIdentity } from "./parse-identity.ts";
import type { Oid } from "./oid.ts";

/** Which kind of signature an object carries, told by the first line of its armour. */
export type SignatureType = "none" | "pgp" | "x509" | "ssh";

/** A commit, parsed. Message and names are the bytes that the object holds. */
export interface Commit {
  readonly oid: Oid;
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
  readonly author: Identity;
  readonly committer: Identity;
  /** The `encoding` header as found; empty when there is none. */
  readonly encoding: ByteString;
  readonly signatureType: SignatureType;
  /** The whole message, subject and trailing newline included. */
  readonly message: Uint8Array;
}

/** Stands for the author or committer of a commit that lacks the header. */
const NO_ONE: Identity = { name: new Uint8Array(), email: new Uint8Array(), timezone: "" };

/** Tells the kind of a signature from the first line of its armour. */
export function signatureTypeOf(firstLine: string): SignatureType {
  if (firstLine.startsWith("-----BEGIN PGP")) return "pgp";
  if (firstLine.startsWith("-----BEGIN SIGNED MESSAGE-----")) return "x509";
  if (firstLine.startsWith("-----BEGIN SSH SIGNATURE-----")) return "ssh";
  return "none";
}

/**
 * Parses the content of a commit object (gitformat-commit). Malformed identity lines give a partly filled identity,
 * never an error, since old histories hold many.
 */
export function parseCommit(oid: Oid, content: Uint8Array): Commit {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const end = bytes.indexOf("\n\n");
  const headerEnd = end < 0 ? bytes.length : end;
  // One character for each byte: positions in the text are positions in the content.
  const header = bytes.toString("latin1", 0, headerEnd);
  const message = end < 0 ? new Uint8Array() : bytes.subarray(end + 2);
  let treeOid = "";
  let author = NO_ONE;
  let committer = NO_ONE;
  let encoding = "";
  let signatureType: SignatureType = "none";
  const parentOids: Oid[] = [];
  for (let start = 0, next = 0; start < headerEnd; start = next + 1) {
    const newline = header.indexOf("\n", start);
    next = newline < 0 ? headerEnd : newline;
    const space = header.indexOf(" ", start);
    if (space < 0 || space > next) continue;
    const value = header.slice(space + 1, next);
    switch (header.slice(start, space)) {
      case "tree":
        treeOid = value;
        break;
      case "parent":
        parentOids.push(value);
        break;
      case "author":
        author = parseIdentity(value, bytes.subarray(space + 1, next));
        break;
      case "committer":
        committer = parseIdentity(value, bytes.subarray(space + 1, next));
        break;
      case "encoding":
        encoding = value;
        break;
      case "gpgsig":
      case "gpgsig-sha256":
        signatureType = signatureTypeOf(value);
        break;
    }
  }
  return { oid, treeOid, parentOids, author, committer, encoding, signatureType, message };
}

/** The raw value of a commit's header, such as `author`, byte for byte; undefined when the commit has no such header. */
export function rawHeader(content: Uint8Array, name: string): Uint8Array | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const end = bytes.indexOf("\n\n");
  const label = `\n${name} `;
  const at = bytes.indexOf(label);
  if (at < 0 || (end >= 0 && at > end)) return undefined;
  const start = at + label.length;
  const newline = bytes.indexOf("\n", start);
  return bytes.subarray(start, newline < 0 ? bytes.length : newline);
}
