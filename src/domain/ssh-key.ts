import { createHash } from "node:crypto";

/** A public key of SSH. */
export interface SshPublicKey {
  readonly type: string;
  /** As it goes over the wire: RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4. */
  readonly blob: Uint8Array;
  readonly comment: string;
  readonly fingerprint: string;
}

const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 16_384;
const ED25519_BYTES = 32;
/** A point that is not compressed: one byte and two coordinates. */
const POINT_BYTES: Readonly<Record<string, number>> = { nistp256: 65, nistp384: 97, nistp521: 133 };
const COMMENT_LENGTH_MAX = 1024;

/** Why a text is no key that we take; the message goes behind "the key …". */
export class SshKeyError extends Error {
  override readonly name = "SshKeyError";
}

/** Reads a line as ssh-keygen writes it into a .pub file: type, base64, comment. Throws SshKeyError. */
export function parseSshKey(line: string): SshPublicKey {
  const match = /^([^\s"=]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+([^\r\n]*))?$/.exec(line.trim());
  if (match === null) throw new SshKeyError("is not a line such as: ssh-ed25519 AAAA… comment");
  const [, type = "", base64 = "", comment = ""] = match;
  if (comment.length > COMMENT_LENGTH_MAX)
    throw new SshKeyError(`has a comment of more than ${COMMENT_LENGTH_MAX} characters`);
  const blob = new Uint8Array(Buffer.from(base64, "base64"));
  const inside = checkKeyBlob(blob);
  if (inside !== type) throw new SshKeyError(`says ${type} and is ${inside}`);
  return { type, blob, comment: comment.trim(), fingerprint: fingerprintOf(blob) };
}

/** `SHA256:` and base64 without padding, as ssh-keygen(1) prints it. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** A key as a line of authorized_keys(5). */
export function sshKeyLine({ type, blob, comment }: Omit<SshPublicKey, "fingerprint">): string {
  return `${type} ${Buffer.from(blob).toString("base64")}${comment === "" ? "" : ` ${comment}`}`;
}

/** The type of a key that we take. Throws SshKeyError. */
function checkKeyBlob(blob: Uint8Array): string {
  const fields = new Fields(blob);
  const type = fields.text();
  if (type === "ssh-ed25519") {
    if (fields.next().length !== ED25519_BYTES) throw new SshKeyError("has the wrong length");
  } else if (type.startsWith("ecdsa-sha2-")) {
    const curve = fields.text();
    const point = fields.next();
    if (type !== `ecdsa-sha2-${curve}` || POINT_BYTES[curve] === undefined) throw unknownType(type);
    if (point.length !== POINT_BYTES[curve] || point[0] !== 4) throw new SshKeyError("has the wrong length");
  } else if (type === "ssh-rsa") {
    fields.next();
    const bits = bitLength(fields.next());
    if (bits < RSA_BITS_MIN) throw new SshKeyError(`has ${bits} bits; an RSA key needs ${RSA_BITS_MIN}`);
    if (bits > RSA_BITS_MAX) throw new SshKeyError(`has more than ${RSA_BITS_MAX} bits`);
  } else {
    throw unknownType(type);
  }
  fields.end();
  return type;
}

const unknownType = (type: string) =>
  new SshKeyError(`is of the type ${JSON.stringify(type.slice(0, 40))}; Ed25519, ECDSA and RSA are taken`);

/** Bits of a positive mpint (RFC 4251, 5). */
function bitLength(mpint: Uint8Array): number {
  const start = mpint.findIndex((byte) => byte !== 0);
  if (start < 0) return 0;
  return (mpint.length - start) * 8 - Math.clz32(mpint[start] ?? 0) + 24;
}

/** Strings one after the other, each with its length (RFC 4251, 5). */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): Uint8Array {
    const { buffer, byteOffset, length } = this.#bytes;
    if (this.#at + 4 > length) throw new SshKeyError("is cut off");
    const size = new DataView(buffer, byteOffset).getUint32(this.#at);
    const start = this.#at + 4;
    if (start + size > length) throw new SshKeyError("is cut off");
    this.#at = start + size;
    return this.#bytes.subarray(start, this.#at);
  }

  text(): string {
    return Buffer.from(this.next()).toString("latin1");
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new SshKeyError("has something behind its end");
  }
}
