import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** Signatures as `ssh-keygen -Y sign` makes them (OpenSSH, PROTOCOL.sshsig). */

const MAGIC = Buffer.from("SSHSIG");
const VERSION = 1;
const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "-----END SSH SIGNATURE-----";
const LINE_LENGTH = 70;
const HASH = "sha512";
/** Digest that each curve signs with (RFC 5656, 6.2.1). */
const CURVE_DIGESTS: Readonly<Record<string, string>> = { nistp256: "sha256", nistp384: "sha384", nistp521: "sha512" };
const CURVE_NAMES: Readonly<Record<string, string>> = { nistp256: "P-256", nistp384: "P-384", nistp521: "P-521" };

/** What a signature says of itself; nothing of it is true before it has been verified. */
export interface SshSignature {
  /** The public key, as it goes over the wire. */
  readonly keyBlob: Uint8Array;
  readonly namespace: string;
  readonly hash: string;
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

/** Signs with a private key; `keyBlob` is its public half. The namespace keeps a signature for one purpose from serving another. */
export function signSsh(payload: Uint8Array, namespace: string, key: KeyObject, keyBlob: Uint8Array): string {
  const type = readFields(keyBlob)[0]!.toString("latin1");
  const data = signedData(payload, namespace, HASH);
  const algorithm = type === "ssh-rsa" ? "rsa-sha2-512" : type;
  const blob = Buffer.concat([
    MAGIC,
    uint32(VERSION),
    ...[keyBlob, Buffer.from(namespace), Buffer.alloc(0), Buffer.from(HASH)].map(field),
    field(Buffer.concat([field(Buffer.from(algorithm)), field(rawSignature(data, algorithm, key))])),
  ]);
  const lines = blob.toString("base64").match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  return [BEGIN, ...lines, END, ""].join("\n");
}

/** Reads an armoured signature; undefined for what is none. */
export function parseSshSignature(armour: string): SshSignature | undefined {
  const text = armour.trim();
  if (!text.startsWith(BEGIN) || !text.endsWith(END)) return undefined;
  const bytes = Buffer.from(text.slice(BEGIN.length, -END.length), "base64");
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC) || bytes.length < 10 || bytes.readUInt32BE(6) !== VERSION)
    return undefined;
  try {
    const [keyBlob, namespace, , hash, whole] = readFields(bytes.subarray(MAGIC.length + 4));
    const [algorithm, signature] = readFields(whole ?? new Uint8Array());
    if (keyBlob === undefined || algorithm === undefined || signature === undefined) return undefined;
    return {
      keyBlob,
      namespace: String(namespace),
      hash: String(hash),
      algorithm: algorithm.toString("latin1"),
      signature,
    };
  } catch {
    return undefined;
  }
}

/** Was the signature made over this content, for this purpose, with the key that it names? Whose that is, it does not say. */
export function verifySsh(payload: Uint8Array, namespace: string, signature: SshSignature): boolean {
  if (signature.namespace !== namespace || !["sha256", "sha512"].includes(signature.hash)) return false;
  const data = signedData(payload, namespace, signature.hash);
  try {
    return verifyRaw(data, signature);
  } catch {
    // A key or a signature that is none.
    return false;
  }
}

function verifyRaw(data: Uint8Array, { keyBlob, algorithm, signature }: SshSignature): boolean {
  const [named, ...parts] = readFields(keyBlob);
  const type = String(named);
  if (type === "ssh-ed25519" && algorithm === type)
    return verify(null, data, jwk({ kty: "OKP", crv: "Ed25519", x: base64url(parts[0]!) }), signature);
  if (type === "ssh-rsa" && /^rsa-sha2-(256|512)$/.test(algorithm)) {
    const key = jwk({ kty: "RSA", e: base64url(unsigned(parts[0]!)), n: base64url(unsigned(parts[1]!)) });
    return verify(algorithm.replace("rsa-sha2-", "sha"), data, key, signature);
  }
  const curve = String(parts[0] ?? "");
  const digest = CURVE_DIGESTS[curve];
  if (digest === undefined || type !== `ecdsa-sha2-${curve}` || algorithm !== type) return false;
  const point = parts[1]!.subarray(1);
  const size = point.length / 2;
  const key = jwk({
    kty: "EC",
    crv: CURVE_NAMES[curve]!,
    x: base64url(point.subarray(0, size)),
    y: base64url(point.subarray(size)),
  });
  const raw = Buffer.concat(readFields(signature).map((number) => padded(unsigned(number), size)));
  return verify(digest, data, { key, dsaEncoding: "ieee-p1363" }, raw);
}

function rawSignature(data: Uint8Array, algorithm: string, key: KeyObject): Uint8Array {
  if (algorithm === "ssh-ed25519") return sign(null, data, key);
  if (algorithm === "rsa-sha2-512") return sign("sha512", data, key);
  const digest = CURVE_DIGESTS[algorithm.replace("ecdsa-sha2-", "")];
  if (digest === undefined) throw new Error(`keys of the type ${algorithm} do not sign`);
  const raw = sign(digest, data, { key, dsaEncoding: "ieee-p1363" });
  const size = raw.length / 2;
  return Buffer.concat([raw.subarray(0, size), raw.subarray(size)].map((number) => field(mpint(number))));
}

const signedData = (payload: Uint8Array, namespace: string, hash: string): Uint8Array =>
  Buffer.concat([
    MAGIC,
    ...[Buffer.from(namespace), Buffer.alloc(0), Buffer.from(hash), createHash(hash).update(payload).digest()].map(
      field,
    ),
  ]);

/** Strings one after the other, each behind its length (RFC 4251, 5). Throws a RangeError for what is cut off. */
function readFields(bytes: Uint8Array): Buffer[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Buffer[] = [];
  for (let at = 0; at < buffer.length;) {
    const start = at + 4;
    at = start + buffer.readUInt32BE(at);
    if (at > buffer.length) throw new RangeError("a field is cut off");
    fields.push(buffer.subarray(start, at));
  }
  return fields;
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const field = (bytes: Uint8Array): Buffer => Buffer.concat([uint32(bytes.length), bytes]);

/** A number without the zeros before it. */
function unsigned(number: Uint8Array): Uint8Array {
  const start = number.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array([0]) : number.subarray(start);
}

/** A positive number as RFC 4251 writes it: the first bit is its sign. */
function mpint(number: Uint8Array): Uint8Array {
  const short = unsigned(number);
  return short[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short;
}

const padded = (number: Uint8Array, size: number): Buffer =>
  Buffer.concat([Buffer.alloc(Math.max(0, size - number.length)), number]);

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

const jwk = (key: Record<string, string>): KeyObject => createPublicKey({ key, format: "jwk" });
