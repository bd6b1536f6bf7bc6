import type { Authenticator } from "../../src/contract/authenticator.ts";
import type { Principal } from "../../src/contract/principal.ts";
import { OperationError } from "../../src/domain/errors.ts";

/** Knows the holders of the given tokens, lets in who shows nothing, and refuses the rest. */
export function authenticatorOf(holders: Readonly<Record<string, Principal>> = {}): Authenticator {
  return {
    async token(secret) {
      const holder = Object.hasOwn(holders, secret) ? holders[secret] : undefined;
      if (holder === undefined) throw new OperationError("unauthenticated", {});
      return holder;
    },
    publicKey: async () => undefined,
    anonymous: () => ({ kind: "anonymous", name: "anonymous" }),
    onRevoked: () => () => {},
  };
}

/** Nobody has a token; whoever comes is let in. */
export const KEYLESS: Authenticator = authenticatorOf();
