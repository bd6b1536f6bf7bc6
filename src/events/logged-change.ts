import type { DeliveredEvent, EventData, PendingEvent } from "../contract/events.ts";
import { type Derived, eventsOf, repositoriesOf } from "./catalogue.ts";
import { type ChangeEvent, type EventChange, type EventRepository, lastNumberOf } from "./journal-record.ts";
import { keyOf } from "./wants.ts";

/** References of one change whose commits are told; those behind them are told without. */
const PUSHES_READ_MAX = 100;

/** Reads the commits that a push has brought, as data of the event. Rejects when the repository or a commit is gone. */
export type ReadPushed = (change: ChangeEvent, pushed: EventChange) => Promise<EventData>;

/** What is said of a push whose commits cannot be told: there is no list, not an empty one. */
const UNKNOWN: EventData = { commits: null, commit_count: null };

/** For each repository's key the number of the last event by which a repository of that name came to its end. */
export type Ends = Pick<ReadonlyMap<string, bigint>, "get">;

/** The name that a change sets free; undefined for nearly all. */
export function endedBy({ repository, life }: ChangeEvent): string | undefined {
  if (life?.kind === "deleted") return keyOf(repository);
  return life?.kind === "renamed" ? keyOf(life.from) : undefined;
}

/** A change with its events, made when somebody asks for them, and shared by all who do. */
export class LoggedChange {
  readonly first: bigint;
  readonly last: bigint;
  readonly repositories: readonly EventRepository[];
  /** What the repositories are called where listeners are sorted by them. */
  readonly keys: readonly string[];
  readonly count: number;
  readonly #change: ChangeEvent;
  readonly #readPushed: ReadPushed;
  readonly #ends: Ends;
  #events: readonly PendingEvent[] | undefined;

  constructor(change: ChangeEvent, readPushed: ReadPushed, ends: Ends) {
    this.#change = change;
    this.#readPushed = readPushed;
    this.#ends = ends;
    this.first = change.sequence;
    this.last = lastNumberOf(change);
    this.count = change.count ?? 1;
    this.repositories = repositoriesOf(change);
    this.keys = this.repositories.map(keyOf);
  }

  /** The events in the order of their numbers; none for what no user sees. */
  get events(): readonly PendingEvent[] {
    return (this.#events ??= this.#derive());
  }

  #derive(): PendingEvent[] {
    let pushes = 0;
    // Never more than there are numbers for, should a later version derive more.
    return eventsOf(this.#change)
      .slice(0, this.count)
      .map((derived, at) => {
        const reads = derived.pushed !== undefined && ++pushes <= PUSHES_READ_MAX;
        return new LoggedEvent(this, this.first + BigInt(at), derived, reads);
      });
  }

  get atMs(): number {
    return this.#change.atMs;
  }

  /** Did the repository come to its end behind this event? */
  isOutlived(id: bigint): boolean {
    const key = this.keys.at(-1);
    return key !== undefined && (this.#ends.get(key) ?? 0n) > id;
  }

  readPushed(pushed: EventChange): Promise<EventData> {
    return this.#readPushed(this.#change, pushed);
  }
}

class LoggedEvent implements PendingEvent {
  readonly id: bigint;
  readonly name: Derived["name"];
  readonly #change: LoggedChange;
  readonly #derived: Derived;
  readonly #reads: boolean;
  #delivered: DeliveredEvent | Promise<DeliveredEvent> | undefined;

  constructor(change: LoggedChange, id: bigint, derived: Derived, reads: boolean) {
    this.#change = change;
    this.id = id;
    this.name = derived.name;
    this.#derived = derived;
    this.#reads = reads;
  }

  get repositories(): readonly EventRepository[] {
    return this.#change.repositories;
  }

  isOutlived(): boolean {
    return this.#change.isOutlived(this.id);
  }

  deliver(): DeliveredEvent | Promise<DeliveredEvent> {
    return (this.#delivered ??= this.#make());
  }

  #make(): DeliveredEvent | Promise<DeliveredEvent> {
    const { pushed, data } = this.#derived;
    if (pushed === undefined) return this.#withData(data as EventData);
    if (!this.#reads) return this.#withData({ ...(data as EventData), ...UNKNOWN });
    return this.#change
      .readPushed(pushed)
      .catch(() => UNKNOWN)
      .then((read) => (this.#delivered = this.#withData({ ...(data as EventData), ...read })));
  }

  #withData(data: EventData): DeliveredEvent {
    const timestamp = new Date(this.#change.atMs).toISOString();
    return { event_id: String(this.id), event: this.name, timestamp, data };
  }
}
