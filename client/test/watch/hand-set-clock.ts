import type { WatchClock } from "../../src/watch/watch-clock.ts";

interface Alarm {
  readonly atMs: number;
  readonly action: () => void;
}

/** A clock that moves when a test says so. */
export class HandSetClock implements WatchClock {
  /** What `random` answers. */
  chance = 0;
  #nowMs = 0;
  readonly #alarms = new Set<Alarm>();

  after(delayMs: number, action: () => void): () => void {
    const alarm = { atMs: this.#nowMs + delayMs, action };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  random(): number {
    return this.chance;
  }

  /** Lets time pass, and what is due happen in its order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#alarms].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#alarms.delete(due);
      this.#nowMs = due.atMs;
      due.action();
    }
    this.#nowMs = untilMs;
  }
}
