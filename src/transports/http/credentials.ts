import type { Authenticator } from "../../contract/authenticator.ts";
import type { Principal } from "../../contract/principal.ts";
import { OperationError } from "../../domain/errors.ts";

/** What a client is asked for that must say who it is (RFC 7235, RFC 6750, RFC 7617). */
export const CHALLENGES: readonly string[] = ['Basic realm="Holdfast", charset="UTF-8"', 'Bearer realm="Holdfast"'];

/**
 * Who sends an `Authorization` header: `Bearer TOKEN`, or `Basic` with the token as password under any user's name. None is
 * somebody unknown. Throws `unauthenticated` for everything else, and for tokens that are not good.
 */
export async function principalOf(authorization: string | null, authenticator: Authenticator): Promise<Principal> {
  if (authorization === null) return authenticator.anonymous();
  const token = tokenOf(authorization);
  if (token === undefined || token === "") throw new OperationError("unauthenticated", {});
  return authenticator.token(token);
}

function tokenOf(authorization: string): string | undefined {
  const [, scheme = "", value = ""] = /^([A-Za-z]+) +(\S+) *$/.exec(authorization) ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return value;
    case "basic":
      return passwordOf(value);
    default:
      return undefined;
  }
}

function passwordOf(base64: string): string | undefined {
  const text = Buffer.from(base64, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : text.slice(colon + 1);
}
