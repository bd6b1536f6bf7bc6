import type { SigningKey } from "../contract/signing.ts";

/** A private key in memory, and what it can do. */
export interface PrivateSigningKey {
  readonly key: SigningKey;
  sign(payload: Uint8Array): Promise<string>;
  /** Is this signature the key's own, and over this content? Undefined: it is of another key. */
  verify(payload: Uint8Array, signature: string): Promise<boolean | undefined>;
}
