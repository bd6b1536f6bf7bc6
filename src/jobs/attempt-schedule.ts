const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long after each failed attempt the next one comes; behind the last there is none. About two days in all. */
const DELAYS_MS: readonly number[] = [
  10 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
];

/** Share of a delay by which it may be longer, so that what failed together does not come back together. */
const JITTER = 0.2;

/** The wait after so many failed attempts; undefined when it was the last. `dice` gives numbers from 0 up to 1. */
export function delayAfter(failedAttempts: number, dice: () => number): number | undefined {
  const delay = DELAYS_MS[failedAttempts - 1];
  return delay === undefined ? undefined : Math.round(delay * (1 + JITTER * dice()));
}
