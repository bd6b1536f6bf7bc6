/** An object id: lower-case hexadecimal, 40 characters for SHA-1 or 64 for SHA-256. */
export type Oid = string;

/** The hash function that names a repository's objects. */
export type ObjectFormat = "sha1" | "sha256";

/** Length of an object id in hexadecimal characters. */
export const OID_HEX_LENGTH: Readonly<Record<ObjectFormat, number>> = { sha1: 40, sha256: 64 };

const HEX = /^[0-9a-f]+$/;

/** Is the text a full object id of the format? Upper case is not accepted: Git writes ids in lower case. */
export function isOid(text: string, format: ObjectFormat): boolean {
  return text.length === OID_HEX_LENGTH[format] && HEX.test(text);
}

/** Is it a full object id, in whichever format? */
export const isFullOid = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);

/** The id that stands for "no object": all zeros, in the format's length. */
export function zeroOid(format: ObjectFormat): Oid {
  return "0".repeat(OID_HEX_LENGTH[format]);
}

/** Is the id all zeros? */
export function isZeroOid(oid: Oid): boolean {
  return oid.length > 0 && /^0+$/.test(oid);
}

/** The id of the empty tree, which every repository knows without storing it. */
export const EMPTY_TREE: Readonly<Record<ObjectFormat, Oid>> = {
  sha1: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  sha256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};
