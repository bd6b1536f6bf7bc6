import type { Context } from "../../contract/context.ts";

/** Does the caller administer the server, as whoever holds its secret or may open its control socket? */
export function administers({ identity, caller: { principal } }: Context): boolean | Promise<boolean> {
  if (principal.kind === "service" || principal.kind === "control") return true;
  return identity.access.mayAdministerServer(principal);
}
