import type { Operation } from "../contract/operation.ts";
import type { Principal } from "../contract/principal.ts";
import { OperationError } from "../domain/errors.ts";

/** Decides access, once for every door. Throws `forbidden`. */
export function authorise(operation: Operation, principal: Principal): void {
  switch (principal.kind) {
    // The holder of the shared secret, and whoever may open the control socket, may do everything.
    case "service":
    case "control":
      return;
    // Until there are accounts and levels of access.
    case "user":
    case "anonymous":
      return;
    default:
      throw new OperationError("forbidden", { operation: operation.name });
  }
}
