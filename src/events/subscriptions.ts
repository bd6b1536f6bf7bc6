import type { EventSelection, PendingEvent } from "../contract/events.ts";
import { OperationError } from "../domain/errors.ts";
import type { LoggedChange } from "./logged-change.ts";
import { keyOf, wants } from "./wants.ts";

/** What may wait for a reader; only references to what all share, and a single change may be longer. */
const WAITING_CHANGES_MAX = 1024;
const WAITING_EVENTS_MAX = 10_000;

/** Those who listen, found by the repositories that they listen to. */
export class Subscriptions {
  readonly #byRepository = new Map<string, Set<Subscription>>();
  readonly #toAll = new Set<Subscription>();

  /** Takes a place among those who are told. */
  open(selection: EventSelection): Subscription {
    const sets = this.#setsOf(selection);
    const subscription = new Subscription(selection, () => {
      for (const [key, set] of sets) {
        set.delete(subscription);
        if (set.size === 0 && set !== this.#toAll) this.#byRepository.delete(key);
      }
    });
    for (const [, set] of sets) set.add(subscription);
    return subscription;
  }

  /** Tells everybody who listens to the change's repositories, once. */
  tell(change: LoggedChange): void {
    for (const subscription of this.#toAll) subscription.add(change);
    for (const key of change.keys) {
      for (const subscription of this.#byRepository.get(key) ?? []) subscription.add(change);
    }
  }

  /** Ends all of them. */
  end(reason: OperationError): void {
    for (const set of [this.#toAll, ...this.#byRepository.values()]) for (const one of set) one.fail(reason);
  }

  #setsOf({ repositories, admin }: EventSelection): readonly (readonly [string, Set<Subscription>])[] {
    if (repositories === undefined || admin === true) return [["", this.#toAll]];
    return [...new Set(repositories.map(keyOf))].map((key) => {
      let set = this.#byRepository.get(key);
      if (set === undefined) this.#byRepository.set(key, (set = new Set()));
      return [key, set] as const;
    });
  }
}

/** One who listens, and what waits for him. */
export class Subscription {
  readonly #selection: EventSelection;
  readonly #leave: () => void;
  #waiting: LoggedChange[] = [];
  #events = 0;
  #failure: OperationError | undefined;
  #wake: (() => void) | undefined;

  constructor(selection: EventSelection, leave: () => void) {
    this.#selection = selection;
    this.#leave = leave;
  }

  add(change: LoggedChange): void {
    // A renamed repository may be found under both of its names.
    if (this.#failure !== undefined || this.#waiting.at(-1) === change) return;
    this.#waiting.push(change);
    this.#events += change.count;
    const isTooMuch = this.#waiting.length > WAITING_CHANGES_MAX || this.#events > WAITING_EVENTS_MAX;
    if (isTooMuch && this.#waiting.length > 1) {
      return this.fail(new OperationError("reader_too_slow", { waiting: this.#events, maximum: WAITING_EVENTS_MAX }));
    }
    this.#wake?.();
  }

  fail(reason: OperationError): void {
    this.#failure = reason;
    this.#waiting = [];
    this.#wake?.();
  }

  /** The wanted events of the next changes; empty when the signal has fired. Whoever fires it calls `interrupt`. */
  async next(signal: AbortSignal): Promise<readonly PendingEvent[]> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (signal.aborted) return [];
      const changes = this.#waiting;
      if (changes.length > 0) {
        this.#waiting = [];
        this.#events = 0;
        const wanted = changes.flatMap(({ events }) => events).filter((event) => wants(this.#selection, event));
        if (wanted.length > 0) return wanted;
      } else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Wakes who waits for the next change. */
  interrupt(): void {
    this.#wake?.();
  }

  close(): void {
    this.#leave();
  }
}
