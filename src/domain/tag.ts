import type { ByteString } from "./bytes.ts";
import { signatureTypeOf, type SignatureType } from "./commit.ts";
import type { ObjectType } from "./git-object.ts";
import type { Identity } from "./identity.ts";
import type { Oid } from "./oid.ts";
import { parseIdentity } from "./parse-identity.ts";

/** An annotated tag object, parsed. */
export interface Tag {
  readonly oid: Oid;
  readonly targetOid: Oid;
  readonly targetType: ObjectType;
  /** The name inside the object, which may differ from the reference's name. */
  readonly name: ByteString;
  readonly tagger?: Identity;
  /** The whole message, a signature at its end included. */
  readonly message: Uint8Array;
  readonly signatureType: SignatureType;
}

const SIGNATURE = /^-----BEGIN (?:PGP (?:SIGNATURE|MESSAGE)|SIGNED MESSAGE|SSH SIGNATURE)-----/m;

/** Parses the content of a tag object (gitformat-tag). */
export function parseTag(oid: Oid, content: Uint8Array): Tag {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const end = bytes.indexOf("\n\n");
  const header = bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
  const message = end < 0 ? new Uint8Array() : bytes.subarray(end + 2);
  const fields = new Map<string, string>();
  for (const line of header.split("\n")) {
    const space = line.indexOf(" ");
    fields.set(line.slice(0, space), line.slice(space + 1));
  }
  const tagger = fields.get("tagger");
  const signature = SIGNATURE.exec(
    Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("latin1"),
  );
  return {
    oid,
    targetOid: fields.get("object") ?? "",
    targetType: (fields.get("type") ?? "commit") as ObjectType,
    name: fields.get("tag") ?? "",
    ...(tagger === undefined ? {} : { tagger: parseIdentity(tagger) }),
    message,
    signatureType: signature ? signatureTypeOf(signature[0]) : "none",
  };
}
