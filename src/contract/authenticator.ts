import type { Principal } from "./principal.ts";

/** Finds out who is calling from what he shows. Implemented by identity, bound in main.ts. */
export interface Authenticator {
  /** Whose token this is. Throws `unauthenticated` for one that is unknown, revoked or expired. */
  token(secret: string): Promise<Principal>;
  /** Whose SSH key this is (RFC 4253, 6.6: the key blob); undefined for a key that nobody has registered. */
  publicKey(blob: Uint8Array): Promise<Principal | undefined>;
  /** Somebody who shows nothing. Throws `unauthenticated` where callers without credentials may do nothing. */
  anonymous(): Principal;
  /** Calls back, once, when a credential stops being good, so that what is open in its name can be closed. */
  onRevoked(principal: Principal, revoked: () => void): () => void;
}
