import type { WatchedEvent } from "./repository-event.ts";

interface Waiting {
  readonly event: WatchedEvent;
  readonly size: number;
}

/** Events that came and were not yet asked for, as many as may wait. */
export class WaitingEvents {
  readonly #eventsMax: number;
  readonly #charactersMax: number;
  #events: Waiting[] = [];
  #head = 0;
  #characters = 0;

  constructor(eventsMax: number, charactersMax: number) {
    this.#eventsMax = eventsMax;
    this.#charactersMax = charactersMax;
  }

  get length(): number {
    return this.#events.length - this.#head;
  }

  /** Takes an event; `false` when there is no place for it. One event alone always has a place. */
  offer(event: WatchedEvent, size: number): boolean {
    const isFull = this.length >= this.#eventsMax || this.#characters + size > this.#charactersMax;
    if (isFull && this.length > 0) return false;
    this.#events.push({ event, size });
    this.#characters += size;
    return true;
  }

  /** The oldest. */
  take(): WatchedEvent | undefined {
    const oldest = this.#events[this.#head];
    if (oldest === undefined) return undefined;
    this.#characters -= oldest.size;
    // Taken ones are dropped together, so that taking one does not move all others.
    if (++this.#head * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return oldest.event;
  }

  /** Is there place for half of what may wait? */
  get hasRoom(): boolean {
    return this.length * 2 <= this.#eventsMax && this.#characters * 2 <= this.#charactersMax;
  }

  clear(): void {
    this.#events = [];
    this.#head = 0;
    this.#characters = 0;
  }
}
