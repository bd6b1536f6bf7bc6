import type { Context } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";

/** The account that an operation of the rule `account` is about: the one named, else the caller's own. */
export function accountOf({ caller }: Context, user: string | undefined): string {
  if (user !== undefined) return user;
  const { kind, name } = caller.principal;
  // The shared secret and the control socket belong to nobody.
  if (kind !== "user") throw new OperationError("invalid_input", { field: "user", problem: "is missing" });
  return name;
}
