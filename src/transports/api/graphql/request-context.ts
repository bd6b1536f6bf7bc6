import type { Caller, Principal } from "../../../contract/principal.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { HttpCall } from "../../http/http-door.ts";
import { type GraphqlContext, Writers } from "./graphql-context.ts";
import type { PreparedQuery } from "./query-runner.ts";

/** Fields that work in a session take this one where they do not name another. */
const SESSION_HEADER = "holdfast-session";

/** What the fields of a request share, by its head and by who sends it. */
export function contextOf(
  { operation }: PreparedQuery,
  principal: Principal,
  { headers }: Request,
  { requestId, peer, signal }: HttpCall,
  engine: Engine,
): GraphqlContext {
  const caller: Caller = { principal, door: "graphql", requestId, peer, signal };
  const key = operation.operation === "mutation" ? headers.get("idempotency-key") : null;
  const isAlone = operation.selectionSet.selections.length === 1;
  return {
    engine,
    caller,
    session: headers.get(SESSION_HEADER) ?? undefined,
    writers: new Writers(caller, key ?? undefined, isAlone),
  };
}
