import type { OpenRepository } from "../../contract/context.ts";
import type { RefName } from "../../domain/reference.ts";

/** How long writers wait for each other, milliseconds. */
export interface TurnLimits {
  /** A turn is over after this time, though its change goes on: a slow hook of one is nobody else's concern. */
  readonly turnMsMax: number;
  /** Nobody waits longer, however many are before him. */
  readonly waitMsMax: number;
}

const LIMITS: TurnLimits = { turnMsMax: 10_000, waitMsMax: 30_000 };

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
  { turnMsMax, waitMsMax }: TurnLimits = LIMITS,
): Promise<T> {
  const key = `${view.gitDir}\0${reference}`;
  const before = last.get(key);
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  // Whoever is behind waits for all before him, also where this one has stopped waiting.
  const mine = Promise.all([before, done]).then(() => undefined);
  last.set(key, mine);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    if (before !== undefined) await atMost(before, waitMsMax, signal);
    timer = setTimeout(finish, turnMsMax);
    return await change();
  } finally {
    clearTimeout(timer);
    finish();
    void mine.then(() => last.get(key) === mine && last.delete(key));
  }
}

async function atMost(before: Promise<void>, waitMsMax: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, waitMsMax);
  const leave = () => reject(signal.reason as Error);
  signal.addEventListener("abort", leave, { once: true });
  try {
    await Promise.race([before, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}
