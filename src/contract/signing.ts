/** How a signature is made: as OpenSSH does (PROTOCOL.sshsig), or OpenPGP (RFC 9580). */
export type SigningKind = "ssh" | "openpgp";

/** The public part of the key that the server signs with. */
export interface SigningKey {
  readonly kind: SigningKind;
  /** `SHA256:` and base64 for SSH, hexadecimal digits for OpenPGP. */
  readonly fingerprint: string;
  /** A line of authorized_keys(5), or an armoured block of OpenPGP: for whoever verifies. */
  readonly publicKey: string;
}

/**
 * What is to be thought of a signature. `good`: made over this very content with the key of somebody whom the server knows. `bad`: by that
 * key or the one that it carries itself it is not of this content. `unknown_key`: nobody here knows the key, or it is not the committer's.
 */
export type SignatureState = "good" | "bad" | "unknown_key";

export interface Verification {
  readonly state: SignatureState;
  /** Fingerprint, or id, of the key that the signature names; absent where it names none. */
  readonly key?: string;
  /** Whose it is, where it is good: the name of an account; `server` for the server's own key. */
  readonly signer?: string;
}

/** A signed content and its signature as they are found in a commit. */
export interface SignedContent {
  readonly payload: Uint8Array;
  /** Armoured. */
  readonly signature: string;
  /** Mail address of the committer: keys of an account are good for its own address alone. */
  readonly committerEmail: string;
}

/** Signatures of commits, with a key that only the server holds. */
export interface Signing {
  /** Absent: the server has none. */
  readonly key: SigningKey | undefined;
  /** Is every commit signed that the server makes? */
  readonly signsAll: boolean;
  /** An armoured signature, its last newline included. Throws `signing_key_missing`. */
  sign(payload: Uint8Array): Promise<string>;
  /** Tells whether a signature is good by the keys that the server knows; it believes no other. */
  verify(signed: SignedContent): Promise<Verification>;
}
