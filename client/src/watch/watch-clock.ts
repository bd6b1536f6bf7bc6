/** Time and chance as a watch sees them; tests bring their own. */
export interface WatchClock {
  /** Runs the action once the time has passed, in milliseconds; what it returns takes that back. */
  after(delayMs: number, action: () => void): () => void;
  /** At least 0, below 1. */
  random(): number;
}

/** The machine's own. */
export const SYSTEM_CLOCK: WatchClock = {
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
