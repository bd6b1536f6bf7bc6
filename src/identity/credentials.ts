import type { Authenticator } from "../contract/authenticator.ts";
import type { ServerSettings, UserRecord } from "../contract/identity.ts";
import type { Principal } from "../contract/principal.ts";
import { OperationError } from "../domain/errors.ts";
import { fingerprintOf } from "../domain/ssh-key.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { Accounts } from "./accounts.ts";
import type { Revocations } from "./revocations.ts";
import type { SshKeyStore } from "./ssh-keys.ts";
import { hashOfSecret } from "./token-secret.ts";

/** The longest text that is looked up as a secret. */
const SECRET_LENGTH_MAX = 1024;

export interface CredentialsServices {
  readonly accounts: Accounts;
  readonly tokens: AccessTokens;
  readonly keys: SshKeyStore;
  readonly revocations: Revocations;
  readonly settings: { current(): ServerSettings };
  /** The built-in administrator's own token. */
  readonly admin: { readonly secret: string; readonly account: UserRecord };
}

/** Finds out who is calling: by token, by SSH key, or not at all. */
export function createAuthenticator(services: CredentialsServices): Authenticator {
  const { accounts, tokens, keys, revocations, settings, admin } = services;
  // Hashes are compared, so that the time it takes says nothing about the secret.
  const adminHash = hashOfSecret(admin.secret);
  return {
    async token(secret) {
      if (secret === "" || secret.length > SECRET_LENGTH_MAX) throw new OperationError("unauthenticated", {});
      if (hashOfSecret(secret) === adminHash) return principalOf(admin.account);
      const known = await tokens.use(secret);
      const user = known && (await accounts.byId(known.userId));
      if (known === undefined || user === undefined) throw new OperationError("unauthenticated", {});
      return { ...principalOf(user), token: known.scope };
    },
    async publicKey(blob) {
      const fingerprint = fingerprintOf(blob);
      const owner = await keys.ownerOf(fingerprint);
      const user = owner && (await accounts.byId(owner.userId));
      if (owner === undefined || user === undefined) return undefined;
      return { ...principalOf(user), key: { id: owner.keyId, fingerprint } };
    },
    anonymous() {
      if (!settings.current().allowKeyless) throw new OperationError("unauthenticated", {});
      return { kind: "anonymous", name: "anonymous" };
    },
    onRevoked: (principal, revoked) => revocations.listen(principal, revoked),
  };
}

function principalOf({ id, name, isAdmin }: UserRecord): Principal {
  return { kind: "user", name, user: { id, isAdmin } };
}
