import type { Actor, Principal } from "../../../contract/principal.ts";

/** Who changes something by a connection, for hooks and records; undefined for somebody without an account. */
export function actorOf({ user, name }: Principal): Actor | undefined {
  if (user === undefined) return undefined;
  return { id: `user-${user.id}`, username: name, name: Buffer.from(name, "utf8"), email: new Uint8Array() };
}
