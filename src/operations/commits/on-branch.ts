import type { Context } from "../../contract/context.ts";
import { hasReason } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { inTurn } from "./branch-turn.ts";

/** A branch that moves meanwhile is read again so often; each time somebody else has got on. */
const ATTEMPTS_MAX = 32;
/** No further attempt is begun so long after the first: whoever has a slow hook among fast writers is told that he was overtaken. */
const RETRY_MS_MAX = 60_000;

/**
 * Changes a branch in its turn. Where it moves meanwhile, by a push say, `attempt` is made again on what it is then, unless the caller has said
 * what he expects.
 */
export async function onBranch<T>(
  { repository, signal }: Pick<Context, "repository" | "signal">,
  reference: string,
  expectedOid: Oid | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  const sinceMs = performance.now();
  for (let count = 1; ; count++) {
    try {
      return await inTurn(repository, reference, signal, attempt);
    } catch (error) {
      const moved = hasReason(error, "reference_mismatch") && error.details.reference === reference;
      const isEnough = count === ATTEMPTS_MAX || performance.now() - sinceMs > RETRY_MS_MAX;
      if (!moved || expectedOid !== undefined || isEnough || signal.aborted) throw error;
    }
  }
}
