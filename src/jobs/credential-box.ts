import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { RemoteCredential } from "../contract/remotes.ts";
import { OperationError } from "../domain/errors.ts";

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 2;
const VERSION = 1;

/** What kind of secret the bytes are. */
const PASSWORD = 0;
const SSH_KEY = 1;

/**
 * Seals credentials for the database: AES-256-GCM, bound to the address that they open, so that a row which was given another address
 * sends nothing there.
 */
export class CredentialBox {
  readonly #key: Uint8Array;

  /** A key of 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(credential: RemoteCredential, url: string): string {
    const plain = encode(credential);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce).setAAD(Buffer.from(url));
    const sealed = Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(plain), cipher.final()]);
    plain.fill(0);
    return Buffer.concat([sealed, cipher.getAuthTag()]).toString("base64");
  }

  /** Throws `internal` for what was not sealed with this key for this address. */
  open(text: string, url: string): RemoteCredential {
    const sealed = Buffer.from(text, "base64");
    try {
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv(ALGORITHM, this.#key, nonce).setAAD(Buffer.from(url));
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const begin = decipher.update(sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES));
      const plain = Buffer.concat([begin, decipher.final()]);
      begin.fill(0);
      return decode(plain);
    } catch (cause) {
      throw new OperationError("internal", { what: "a kept credential cannot be opened: set it again" }, { cause });
    }
  }
}

/** Kind, length of the user's name, the name, the secret: buffers throughout, which can be overwritten. */
function encode({ username, secret, sshKey }: RemoteCredential): Buffer {
  const name = Buffer.from(username ?? "");
  const head = Buffer.alloc(1 + LENGTH_BYTES);
  head[0] = sshKey === undefined ? PASSWORD : SSH_KEY;
  head.writeUInt16BE(name.length, 1);
  return Buffer.concat([head, name, sshKey ?? secret ?? Buffer.alloc(0)]);
}

function decode(plain: Buffer): RemoteCredential {
  const length = plain.readUInt16BE(1);
  const username = plain.toString("utf8", 1 + LENGTH_BYTES, 1 + LENGTH_BYTES + length);
  const secret = Uint8Array.from(plain.subarray(1 + LENGTH_BYTES + length));
  const isKey = plain[0] === SSH_KEY;
  plain.fill(0);
  return { ...(username === "" ? {} : { username }), ...(isKey ? { sshKey: secret } : { secret }) };
}
