import { EventSource } from "eventsource";

/** An event as an `EventSource` has it. */
export interface SourceEvent {
  readonly id: string;
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface SourceOptions {
  readonly token?: string;
  /** Names of events that are listened to; all of a repository when absent. */
  readonly names?: readonly string[];
}

const NAMES = [
  "events_begin",
  "events_expired",
  "stream_ended",
  "repository_created",
  "repository_deleted",
  "repository_renamed",
  "default_branch_changed",
  "push",
  "branch_created",
  "branch_deleted",
  "tag_created",
  "tag_deleted",
  "ref_updated",
];

/** A browser's `EventSource` that keeps what it is told. It comes back by itself when a stream ends. */
export class EventSourceClient {
  readonly events: SourceEvent[] = [];
  /** Resolves when it does not come back any more, with the status that it was refused with. */
  readonly failed: Promise<number | undefined>;
  readonly #source: EventSource;
  readonly #waiting = new Set<() => void>();

  constructor(address: string, { token, names = NAMES }: SourceOptions = {}) {
    this.#source = new EventSource(address, {
      fetch: (url, init) =>
        fetch(url, {
          ...init,
          headers: { ...init.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
        }),
    });
    this.failed = new Promise((resolve) => {
      this.#source.addEventListener("error", ({ code }) => {
        if (this.#source.readyState === EventSource.CLOSED) resolve(code);
        this.#wake();
      });
    });
    for (const name of names)
      this.#source.addEventListener(name, ({ lastEventId, data }) => {
        this.events.push({ id: lastEventId, name, data: JSON.parse(String(data)) as SourceEvent["data"] });
        this.#wake();
      });
  }

  /** Events of repositories, without what is said of the stream itself. */
  get told(): SourceEvent[] {
    return this.events.filter(({ name }) => !name.startsWith("events_") && name !== "stream_ended");
  }

  /** The first event that fits, past or to come. */
  async until(fits: (event: SourceEvent) => boolean): Promise<SourceEvent> {
    for (let at = 0; ; at++) {
      while (at >= this.events.length) await new Promise<void>((resolve) => this.#waiting.add(resolve));
      const event = this.events[at]!;
      if (fits(event)) return event;
    }
  }

  close(): void {
    this.#source.close();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
