import type { OpenRepository } from "../../contract/context.ts";
import type { RefName } from "../../domain/reference.ts";

/** Nobody waits longer: a hook of the one whose turn it is may be writing to the branch itself. Then both try, and one tries again. */
const WAIT_MS_MAX = 30_000;

/** The last in the queue of each branch that is being changed. */
const last = new Map<string, Promise<void>>();

/**
 * Runs changes of one branch one after the other. Without turns each of fifty writers would make, and flush, its objects again each time another one
 * was faster. A courtesy, not a lock: the ref door decides whose change holds.
 */
export async function inTurn<T>(
  { view }: Pick<OpenRepository, "view">,
  reference: RefName,
  signal: AbortSignal,
  change: () => Promise<T>,
): Promise<T> {
  const key = `${view.gitDir}\0${reference}`;
  const before = last.get(key);
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  // Whoever is behind waits for all before him, also where this one has stopped waiting.
  const mine = Promise.all([before, done]).then(() => undefined);
  last.set(key, mine);
  try {
    if (before !== undefined) await atMost(before, signal);
    return await change();
  } finally {
    finish();
    void mine.then(() => last.get(key) === mine && last.delete(key));
  }
}

async function atMost(before: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, WAIT_MS_MAX);
  const leave = () => reject(signal.reason as Error);
  signal.addEventListener("abort", leave, { once: true });
  try {
    await Promise.race([before, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}
