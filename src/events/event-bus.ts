import type { ChangeEvent } from "./journal-record.ts";

export type ChangeListener = (event: ChangeEvent) => void;

/** Tells those who listen what has changed: every change that is done, in the order of its sequence number, once. */
export class EventBus {
  readonly #listeners = new Set<ChangeListener>();
  readonly #early = new Set<ChangeListener>();
  /** Changes under way (undefined) or done but behind one that is under way, by sequence number, which is the map's order. */
  readonly #open = new Map<bigint, ChangeEvent | "dropped" | undefined>();
  readonly #onListenerFailed: (error: unknown) => void;

  /** A listener that throws harms nobody but is told of. */
  constructor(onListenerFailed: (error: unknown) => void) {
    this.#onListenerFailed = onListenerFailed;
  }

  /** Listens until the returned function is called. Listeners are called in turn and must not wait. */
  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Listens to changes at the moment they are done, in whatever order that is. */
  subscribeEarly(listener: ChangeListener): () => void {
    this.#early.add(listener);
    return () => this.#early.delete(listener);
  }

  /** A change is about to happen: what comes after it waits. */
  expect(sequence: bigint): void {
    this.#open.set(sequence, undefined);
  }

  /** The expected change has happened, or will not. */
  settle(sequence: bigint, event: ChangeEvent | "dropped"): void {
    if (!this.#open.has(sequence)) return;
    this.#open.set(sequence, event);
    if (event !== "dropped") this.#tell(this.#early, event);
    for (const [at, next] of this.#open) {
      if (next === undefined) return;
      this.#open.delete(at);
      if (next !== "dropped") this.#tell(this.#listeners, next);
    }
  }

  #tell(listeners: ReadonlySet<ChangeListener>, event: ChangeEvent): void {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onListenerFailed(error);
      }
    }
  }
}
