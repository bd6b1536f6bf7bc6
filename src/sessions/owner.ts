import type { Principal } from "../contract/principal.ts";
import type { SessionInfo } from "../contract/sessions.ts";
import { OperationError } from "../domain/errors.ts";

/** Whose sessions a caller's are. Throws `unauthenticated` for those without credentials. */
export function ownerOf({ kind, user }: Principal): string {
  if (kind === "anonymous") throw new OperationError("unauthenticated", {});
  return user === undefined ? kind : `user:${user.id}`;
}

/** The account that a session belongs to; undefined for the server's own. */
export function accountOf({ owner }: SessionInfo): number | undefined {
  const found = /^user:(\d+)$/.exec(owner);
  return found === null ? undefined : Number(found[1]);
}

/** May the caller use it? The owner; and whoever may open the server's control socket, as everything. */
export function mayUse(principal: Principal, session: SessionInfo): boolean {
  return principal.kind === "control" || ownerOf(principal) === session.owner;
}
