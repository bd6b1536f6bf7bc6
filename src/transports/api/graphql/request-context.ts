import { Kind } from "graphql";
import type { Caller, Principal } from "../../../contract/principal.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { HttpCall } from "../../http/http-door.ts";
import { AnswerBudget } from "./answer-budget.ts";
import { type GraphLoaders, graphLoaders } from "./graph/graph-loaders.ts";
import { type GraphqlContext, Writers } from "./graphql-context.ts";
import type { PreparedQuery } from "./query-runner.ts";

/** Fields that work in a session take this one where they do not name another. */
const SESSION_HEADER = "holdfast-session";

/** What the fields of a request share, by its head and by who sends it. */
export function contextOf(
  { operation }: PreparedQuery,
  principal: Principal,
  { headers }: Pick<Request, "headers">,
  { requestId, peer, signal }: Pick<HttpCall, "requestId" | "peer" | "signal">,
  engine: Engine,
): GraphqlContext {
  const caller: Caller = { principal, door: "graphql", requestId, peer, signal };
  // A write may change what has been looked up before it.
  const isWriting = operation.operation === "mutation";
  let loaders: GraphLoaders | undefined;
  const key = isWriting ? headers.get("idempotency-key") : null;
  const budget = new AnswerBudget();
  const [first, ...others] = operation.selectionSet.selections;
  const isAlone = first?.kind === Kind.FIELD && others.length === 0;
  return {
    engine,
    caller,
    session: headers.get(SESSION_HEADER) ?? undefined,
    loaders: () => (loaders ??= graphLoaders({ engine, caller, budget, isCached: !isWriting })),
    budget,
    writers: new Writers(caller, key ?? undefined, isAlone),
  };
}
