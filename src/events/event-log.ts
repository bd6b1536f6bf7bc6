import type { EventData, Events, EventSelection, PendingEvent } from "../contract/events.ts";
import type { Caller } from "../contract/principal.ts";
import { type AdminEventName, EVENTS_BEGIN, EVENTS_EXPIRED } from "../domain/event-names.ts";
import { OperationError } from "../domain/errors.ts";
import type { EventBus } from "./event-bus.ts";
import type { Journal } from "./journal.ts";
import { type ChangeEvent, lastNumberOf, NO_REPOSITORY } from "./journal-record.ts";
import { endedBy, type Ends, LoggedChange, type ReadPushed } from "./logged-change.ts";
import { RecentChanges } from "./recent-changes.ts";
import { ReplaySlots } from "./replay-slots.ts";
import { Subscriptions } from "./subscriptions.ts";
import { wants } from "./wants.ts";

/** Those who read old files at once; the others wait their turn. */
const REPLAYS_MAX = 2;
/** Events of the past that are handed over at once. */
const BATCH_EVENTS_MAX = 256;
/** How long a reader of old files may be busy with a batch; then the files are closed, others get his turn, and he waits for another. */
const PATIENCE_MS = 2_000;
/** Ended repositories that are kept in mind before those are forgotten that need not be. */
const ENDS_MAX = 20_000;

export interface EventLogOptions {
  readonly journal: Journal;
  readonly bus: EventBus;
  readonly clock: { nowMs(): number };
  /** Reads what a push has brought. */
  readonly readPushed: ReadPushed;
  /** Events that are kept in memory. */
  readonly recentEventsMax?: number;
  /** How long a reader of old events may think before others get his turn. */
  readonly patienceMs?: number;
}

/**
 * The events of the server, past and present: the journal's changes as those who listen are told of them. A change becomes an object
 * once, whoever listens; the newest stay in memory, older ones are read from the journal.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #recent: RecentChanges;
  readonly #subscriptions = new Subscriptions();
  readonly #slots = new ReplaySlots(REPLAYS_MAX);
  /** Repositories that have come to their end, as far back as the memory reaches. */
  readonly #ends = new Map<string, bigint>();
  #recalled: Promise<void> | undefined;
  readonly #stopListening: () => void;

  /** Begins to listen: to be made before anything changes. */
  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#recent = new RecentChanges(options.journal.lastSequence, options.recentEventsMax);
    const stopTaking = options.bus.subscribe((change) => this.#take(change));
    // At once: as soon as a repository is gone, nobody knows any more who could read it.
    const stopEnding = options.bus.subscribeEarly((change) => this.#noteEnd(change));
    this.#stopListening = () => {
      stopTaking();
      stopEnding();
    };
  }

  /** Ends all watching. */
  close(): void {
    this.#stopListening();
    this.#subscriptions.end(new OperationError("shutting_down", {}));
  }

  /** The events as one caller's operations see them. */
  forCaller(caller: Caller): Events {
    return new CallersEvents(this, caller);
  }

  /** The number of the newest event of a change that is done. */
  newest(): bigint {
    return this.#recent.newest;
  }

  async recordAdmin(event: AdminEventName, data: EventData, caller: Caller): Promise<void> {
    const { journal } = this.#options;
    const { principal, door, requestId } = caller;
    const admin = { event, data };
    const facts = { repository: NO_REPOSITORY, changes: [], admin, by: principal.name, door, requestId };
    const recorded = journal.prepare(facts);
    try {
      await recorded.flushed;
    } catch (error) {
      journal.dropped(recorded.event);
      throw error;
    }
    journal.done(recorded.event);
  }

  async *past(selection: EventSelection): AsyncGenerator<readonly PendingEvent[]> {
    const position = selection.since ?? this.#options.journal.oldestKept - 1n;
    const until = yield* this.#replay(selection, position);
    yield* batched(this.#recent.after(until), selection, until);
  }

  async *watch(selection: EventSelection): AsyncGenerator<readonly PendingEvent[]> {
    const { since, signal } = selection;
    if (since !== undefined && since > this.#options.journal.lastSequence) {
      throw new OperationError("invalid_input", { field: "since", problem: `no event has this number yet: ${since}` });
    }
    let until = since ?? this.newest();
    if (since !== undefined) {
      yield [begin(since, this.#options.clock.nowMs())];
      until = yield* this.#replay(selection, since);
    }
    // What is in memory is taken in the same turn as the place among those who are told: nothing can happen between.
    const subscription = this.#subscriptions.open(selection);
    const interrupt = () => subscription.interrupt();
    signal.addEventListener("abort", interrupt);
    try {
      const recent = [...batched(this.#recent.after(until), selection, until)];
      if (since === undefined) yield [begin(until, this.#options.clock.nowMs())];
      for (const batch of recent) yield batch;
      while (!signal.aborted) {
        const events = await subscription.next(signal);
        if (events.length > 0) yield events;
      }
    } finally {
      signal.removeEventListener("abort", interrupt);
      subscription.close();
    }
  }

  /** Old events up to where the memory begins; returns the number up to which everything has been told. */
  async *#replay(selection: EventSelection, since: bigint): AsyncGenerator<readonly PendingEvent[], bigint> {
    const { journal, clock } = this.#options;
    const oldest = journal.oldestKept;
    if (since + 1n < oldest) yield [expired(since, oldest, clock.nowMs())];
    if (since >= this.#recent.since) return since;
    this.#recalled ??= this.#recall();
    await this.#recalled.catch((error: unknown) => {
      this.#recalled = undefined;
      throw error;
    });
    let position = since;
    while (position < this.#recent.since) position = yield* this.#read(selection, position);
    return position;
  }

  /** Reads the journal, up to its end or until the reader takes too long; returns the number up to which everything has been told. */
  async *#read(selection: EventSelection, since: bigint): AsyncGenerator<readonly PendingEvent[], bigint> {
    const { journal, readPushed } = this.#options;
    const { signal } = selection;
    // Everything up to here is in the journal as done or dropped when the reading begins.
    const certain = this.newest();
    const leave = await this.#slots.enter(signal);
    const reading = journal.read(since);
    let position = since;
    let isTooSlow = false;
    const giveUp = () => {
      isTooSlow = true;
      leave();
      void reading.return(undefined);
    };
    try {
      // Which repositories have ended is told behind their events: so the files are read twice.
      const read = await this.#endsBehind(since, signal);
      const ends: Ends = { get: (key) => this.#ends.get(key) ?? read.get(key) };
      let batch: PendingEvent[] = [];
      for await (const change of reading) {
        signal.throwIfAborted();
        const logged = new LoggedChange(change, readPushed, ends);
        for (const event of logged.events) if (event.id > position && wants(selection, event)) batch.push(event);
        position = lastNumberOf(change);
        if (batch.length < BATCH_EVENTS_MAX) continue;
        const timer = setTimeout(giveUp, this.#options.patienceMs ?? PATIENCE_MS);
        try {
          yield batch;
        } finally {
          clearTimeout(timer);
        }
        if (isTooSlow) return position;
        batch = [];
      }
      leave();
      if (batch.length > 0) yield batch;
    } finally {
      leave();
    }
    return certain > position ? certain : position;
  }

  async #endsBehind(since: bigint, signal: AbortSignal): Promise<Map<string, bigint>> {
    const ends = new Map<string, bigint>();
    for await (const change of this.#options.journal.read(since)) {
      signal.throwIfAborted();
      const key = endedBy(change);
      if (key !== undefined) ends.set(key, change.sequence);
    }
    return ends;
  }

  /** Fills the memory after a start, once somebody asks: all who come back then find there what they have missed. */
  async #recall(): Promise<void> {
    const { journal, readPushed } = this.#options;
    const until = this.#recent.since;
    const since = [until - BigInt(this.#recent.eventsMax), journal.oldestKept - 1n].reduce((a, b) => (a > b ? a : b));
    const changes: LoggedChange[] = [];
    const ends = new Map<string, bigint>();
    for await (const change of journal.read(since)) {
      if (change.sequence > until) break;
      const key = endedBy(change);
      if (key !== undefined) ends.set(key, change.sequence);
      changes.push(new LoggedChange(change, readPushed, this.#ends));
    }
    // So much has happened meanwhile that the memory is full of it.
    if (this.#recent.since !== until) return;
    this.#recent.prepend(changes, since);
    for (const [key, number] of ends) if (!this.#ends.has(key)) this.#ends.set(key, number);
  }

  #noteEnd(change: ChangeEvent): void {
    const key = endedBy(change);
    if (key === undefined) return;
    this.#ends.set(key, change.sequence);
    if (this.#ends.size <= ENDS_MAX) return;
    // What is older than the memory is found in the journal by those who ask for it.
    for (const [ended, number] of this.#ends) if (number <= this.#recent.since) this.#ends.delete(ended);
  }

  #take(change: ChangeEvent): void {
    const logged = new LoggedChange(change, this.#options.readPushed, this.#ends);
    this.#recent.add(logged);
    this.#subscriptions.tell(logged);
  }
}

class CallersEvents implements Events {
  readonly #log: EventLog;
  readonly #caller: Caller;

  constructor(log: EventLog, caller: Caller) {
    this.#log = log;
    this.#caller = caller;
  }

  recordAdmin(event: AdminEventName, data: EventData): Promise<void> {
    return this.#log.recordAdmin(event, data, this.#caller);
  }

  newest(): bigint {
    return this.#log.newest();
  }

  past(selection: EventSelection): AsyncIterable<readonly PendingEvent[]> {
    return this.#log.past(selection);
  }

  watch(selection: EventSelection): AsyncIterable<readonly PendingEvent[]> {
    return this.#log.watch(selection);
  }
}

/** The wanted events of changes, those of each change apart. */
function* batched(
  changes: readonly LoggedChange[],
  selection: EventSelection,
  after: bigint,
): Generator<readonly PendingEvent[]> {
  for (const change of changes) {
    const events = change.events.filter((event) => event.id > after && wants(selection, event));
    if (events.length > 0) yield events;
  }
}

/** Says behind which event a stream begins. */
function begin(id: bigint, nowMs: number): PendingEvent {
  return remark(EVENTS_BEGIN, id, nowMs, {});
}

/** Says that events are missing, with the number of the last that is no longer kept. */
function expired(since: bigint, oldest: bigint, nowMs: number): PendingEvent {
  return remark(EVENTS_EXPIRED, oldest - 1n, nowMs, { since: String(since), oldest: String(oldest) });
}

function remark(
  name: typeof EVENTS_BEGIN | typeof EVENTS_EXPIRED,
  id: bigint,
  nowMs: number,
  data: EventData,
): PendingEvent {
  const delivered = { event_id: String(id), event: name, timestamp: new Date(nowMs).toISOString(), data };
  return { id, name, repositories: [], isOutlived: () => false, deliver: () => delivered };
}
