import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import ssh2 from "ssh2";

const DIRECTORY_MODE = 0o700;
const KEY_MODE = 0o600;

/** The kinds of host key, best first. */
const KINDS = ["ed25519", "ecdsa"] as const;
type Kind = (typeof KINDS)[number];
const ECDSA_BITS = 256;
const TRIES_MAX = 32;

/**
 * The server's host keys, as private keys in OpenSSH's format: files `<kind>_key`, made at the first start and kept, so that clients
 * know the server again. Throws when one cannot be read or written. The caller owns the data directory.
 */
export function hostKeysIn(directory: string): string[] {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  return KINDS.map((kind) => {
    const path = join(directory, `${kind}_key`);
    return readKey(path) ?? makeKey(path, kind);
  });
}

function readKey(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error || !key.isPrivateKey()) {
    throw new Error(
      `${path} is no private key without a passphrase: put the right one there, or remove it for a new one`,
    );
  }
  chmodSync(path, KEY_MODE);
  return text;
}

function makeKey(path: string, kind: Kind): string {
  const key = soundKey(kind);
  // A server that dies halfway leaves no half key under the name.
  const unfinished = `${path}.new`;
  const file = openSync(unfinished, "w", KEY_MODE);
  try {
    writeSync(file, key);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  return key;
}

/**
 * The library takes leading zeros off the numbers of an Ed25519 key, which are not numbers: one key in 256 cannot be read again. Such a
 * key is thrown away.
 */
function soundKey(kind: Kind): string {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const pair =
      kind === "ed25519"
        ? ssh2.utils.generateKeyPairSync("ed25519", { comment: "holdfast" })
        : ssh2.utils.generateKeyPairSync("ecdsa", { bits: ECDSA_BITS, comment: "holdfast" });
    if (isSound(pair.private)) return pair.private;
  }
  throw new Error(`no ${kind} key could be made`);
}

/** Can the key be read, and does its public half check what it signs? */
function isSound(text: string): boolean {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) return false;
  const sample = Buffer.from("holdfast");
  const signature = key.sign(sample);
  const publicKey = ssh2.utils.parseKey(key.getPublicSSH());
  return !(publicKey instanceof Error) && publicKey.verify(sample, signature) === true;
}
