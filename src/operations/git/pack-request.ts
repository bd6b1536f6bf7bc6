import type { PackRequest } from "../../backend/backend.ts";
import type { Oid } from "../../domain/oid.ts";
import type { FetchRequest } from "../../wire/fetch-request.ts";
import type { ShallowPlan } from "./plan-shallow.ts";

/** The pack that answers a fetch, once it is known what both sides have and where the client's history ends. */
export function packRequest(
  request: FetchRequest,
  wants: readonly Oid[],
  haves: Iterable<Oid>,
  plan: ShallowPlan,
): PackRequest {
  return {
    wants: [...new Set([...wants, ...plan.moreWants])],
    haves: [...haves, ...plan.unshallow],
    ...(plan.ends.length > 0 && { shallow: plan.ends }),
    ...(request.filter !== undefined && { filter: request.filter }),
    thin: request.thinPack,
    ofsDelta: request.ofsDelta,
    includeTag: request.includeTag,
  };
}
