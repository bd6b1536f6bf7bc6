import type { Context } from "../../contract/context.ts";
import type { Static } from "../../contract/fields.ts";
import type { PersonField } from "./person-fields.ts";

/** Where mail to those who have told no address goes: nowhere (RFC 2606). */
const NO_MAIL_DOMAIN = "users.noreply.invalid";

/** The caller as commits name him: the name and address of his account, else what he is called and an address that reaches nobody. */
export async function writerOf({
  caller,
  identity,
}: Pick<Context, "caller" | "identity">): Promise<Static<typeof PersonField>> {
  const { principal, actor } = caller;
  if (actor !== undefined && actor.name.length > 0 && actor.email.length > 0)
    return { name: actor.name, email: actor.email };
  const user = principal.kind === "user" ? await identity.users.find(principal.name) : undefined;
  return {
    name: Buffer.from(user?.displayName || principal.name),
    email: Buffer.from(user?.email || `${principal.name}@${NO_MAIL_DOMAIN}`),
  };
}
