import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { countOf } from "./catalogue.ts";
import type { EventBus } from "./event-bus.ts";
import {
  type ChangeEvent,
  type ChangeFacts,
  type EventRepository,
  type JournalRecord,
  lastNumberOf,
} from "./journal-record.ts";
import { flushDirectory, JournalSegment, readFirstRecord } from "./journal-segment.ts";
import { streamRecords } from "./stream-records.ts";

const SEGMENT_BYTES_MAX = 64 * 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface JournalOptions {
  readonly directory: string;
  readonly keepDays: number;
  readonly clock: { nowMs(): number };
  readonly bus: EventBus;
  /** Size at which a new segment is begun. */
  readonly segmentBytesMax?: number;
}

/** Work on a repository that has begun and not ended. */
export interface JournalWork {
  readonly work: number;
  readonly repository: EventRepository;
}

/** What an earlier server left without saying how it ended. */
export interface Unfinished {
  readonly changes: readonly ChangeEvent[];
  readonly works: readonly JournalWork[];
}

/**
 * The server's one log of changes: append-only segments of checksummed records. A change is first `prepared`, durably, then
 * happens, then is marked; marks need no flush, since what lacks its mark after a crash is looked up in the repository.
 */
export class Journal {
  readonly #options: JournalOptions;
  #segment: JournalSegment;
  #segmentSinceMs: number;
  #nextSequence: bigint;
  #nextWork: number;
  readonly #openWorks = new Map<number, EventRepository>();
  readonly #openChanges = new Map<bigint, ChangeEvent>();
  /** Marks that could not be written yet. */
  #owed: JournalRecord[] = [];
  readonly #unfinished: Unfinished;

  private constructor(options: JournalOptions, state: JournalState, segment: JournalSegment | undefined) {
    this.#options = options;
    this.#nextSequence = state.nextSequence;
    this.#nextWork = state.nextWork;
    this.#openWorks = state.works;
    this.#openChanges = state.changes;
    for (const sequence of state.changes.keys()) options.bus.expect(sequence);
    this.#unfinished = {
      changes: [...state.changes.values()],
      works: [...state.works].map(([work, repository]) => ({ work, repository })),
    };
    this.#segmentSinceMs = state.sinceMs;
    this.#segment = segment ?? this.#createSegment();
    this.#deleteOld();
  }

  /** Opens the journal of a data directory; a torn end is cut. One process at a time. */
  static open(options: JournalOptions): Journal {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    const state = new JournalState();
    const names = segmentNames(options.directory);
    let segment: JournalSegment | undefined;
    // A segment that was being made when the machine stopped may be empty; then the one before it is the last.
    for (let name = names.pop(); name !== undefined && segment === undefined; name = names.pop()) {
      const opened = JournalSegment.open(join(options.directory, name), (record) => state.apply(record));
      if (state.sinceMs > 0) segment = opened;
      else {
        opened.close();
        rmSync(opened.path);
        state.nextSequence = sequenceOf(name);
      }
    }
    return new Journal(options, state, segment);
  }

  /** What was open when the journal was opened; recovery settles it before anybody is served. */
  get unfinished(): Unfinished {
    return this.#unfinished;
  }

  /** The number of the last event of the newest change, done or not; 0 before the first. */
  get lastSequence(): bigint {
    return this.#nextSequence - 1n;
  }

  /** The number from which on all events are kept. */
  get oldestKept(): bigint {
    return sequenceOf(segmentNames(this.#options.directory)[0] ?? "") || 1n;
  }

  /** Notes, in a way that outlives this process, that work on a repository begins. */
  begin(repository: EventRepository): JournalWork {
    this.#rotateWhenDue();
    const work = this.#nextWork++;
    this.#write({ kind: "begun", work, repository });
    this.#openWorks.set(work, repository);
    return { work, repository };
  }

  /** The work is over: nothing of it is left to look after. */
  end({ work }: JournalWork): void {
    if (this.#openWorks.delete(work)) this.#mark({ kind: "ended", work });
  }

  /** Appends a change that is about to happen. It may happen once `flushed` has resolved. */
  prepare(facts: ChangeFacts): { event: ChangeEvent; flushed: Promise<void> } {
    const count = countOf(facts);
    const event = { ...facts, sequence: this.#nextSequence, count, atMs: this.#options.clock.nowMs() };
    this.#write({ kind: "prepared", event });
    this.#nextSequence += BigInt(count);
    this.#openChanges.set(event.sequence, event);
    this.#options.bus.expect(event.sequence);
    return { event, flushed: this.#segment.flush() };
  }

  /** The change has happened. Never throws. */
  done(event: ChangeEvent): void {
    this.#settle(event, "done");
  }

  /** The change has not happened and will not. Never throws. */
  dropped(event: ChangeEvent): void {
    this.#settle(event, "dropped");
  }

  /**
   * Changes that are done and have events with greater numbers than `since`, in order, up to the newest or the first that is still
   * open. Reads the files piece by piece, without holding up others.
   */
  async *read(since: bigint): AsyncGenerator<ChangeEvent> {
    const settling = new Settling();
    for (const path of this.#segmentsFrom(since + 1n)) {
      for await (const record of streamRecords(path)) {
        for (const event of settling.apply(record)) if (lastNumberOf(event) > since) yield event;
      }
    }
    for (const record of this.#owed) {
      for (const event of settling.apply(record)) if (lastNumberOf(event) > since) yield event;
    }
  }

  /** Waits until all that has been written is on the disk. */
  flush(): Promise<void> {
    return this.#segment.flush();
  }

  /** Call it when no work is under way. */
  async close(): Promise<void> {
    await this.#segment.flush();
    this.#segment.close();
  }

  #settle(event: ChangeEvent, kind: "done" | "dropped"): void {
    if (!this.#openChanges.delete(event.sequence)) return;
    this.#mark({ kind, sequence: event.sequence });
    this.#options.bus.settle(event.sequence, kind === "done" ? event : "dropped");
  }

  /** Marks must not fail a change that has happened: what cannot be written now is owed. */
  #mark(record: JournalRecord): void {
    this.#owed.push(record);
    try {
      this.#payOwed();
    } catch {
      // Tried again with the next record; should the process die before, recovery finds the truth in the repository.
    }
  }

  #payOwed(): void {
    while (this.#owed[0] !== undefined) {
      this.#segment.write(this.#owed[0]);
      this.#owed.shift();
    }
  }

  #write(record: JournalRecord): void {
    // In order: a repository's next change must not stand in the log before the mark of the one before.
    this.#payOwed();
    this.#segment.write(record);
  }

  #rotateWhenDue(): void {
    const isFull = this.#segment.sizeBytes >= (this.#options.segmentBytesMax ?? SEGMENT_BYTES_MAX);
    const isOld = this.#options.clock.nowMs() - this.#segmentSinceMs >= DAY_MS;
    if (!isFull && !isOld && !this.#segment.isBroken) return;
    if (!this.#segment.isIdle || this.#owed.length > 0) return;
    const full = this.#segment;
    this.#segment = this.#createSegment();
    full.close();
    this.#deleteOld();
  }

  #createSegment(): JournalSegment {
    this.#segmentSinceMs = this.#options.clock.nowMs();
    // Numbers name segments; with none used since the last one, that one's name is taken.
    const name = freeName(this.#options.directory, this.#nextSequence);
    const records: JournalRecord[] = [
      { kind: "segment", atMs: this.#segmentSinceMs, nextSequence: this.#nextSequence, nextWork: this.#nextWork },
    ];
    for (const [work, repository] of this.#openWorks) records.push({ kind: "begun", work, repository, carried: true });
    for (const event of this.#openChanges.values()) records.push({ kind: "prepared", event, carried: true });
    return JournalSegment.create(join(this.#options.directory, name), records);
  }

  /** Deletes segments all of whose events are older than they need be kept. */
  #deleteOld(): void {
    const { directory, keepDays, clock } = this.#options;
    const names = segmentNames(directory);
    const keepFromMs = clock.nowMs() - keepDays * DAY_MS;
    let deleted = false;
    for (let at = 0; at + 1 < names.length; at++) {
      const next = names[at + 1] ?? "";
      if (beginningOf(join(directory, next)) >= keepFromMs) break;
      rmSync(join(directory, names[at] ?? ""));
      deleted = true;
    }
    if (deleted) flushDirectory(directory);
  }

  #segmentsFrom(sequence: bigint): string[] {
    const { directory } = this.#options;
    const names = segmentNames(directory);
    const at = names.findLastIndex((name) => sequenceOf(name) <= sequence);
    return names.slice(Math.max(at, 0)).map((name) => join(directory, name));
  }
}

/** What the records of a segment add up to. */
class JournalState {
  readonly works = new Map<number, EventRepository>();
  readonly changes = new Map<bigint, ChangeEvent>();
  nextSequence = 1n;
  nextWork = 1;
  sinceMs = 0;

  apply(record: JournalRecord): void {
    switch (record.kind) {
      case "segment":
        this.sinceMs = record.atMs;
        this.nextSequence = record.nextSequence;
        this.nextWork = record.nextWork;
        break;
      case "begun":
        this.works.set(record.work, record.repository);
        this.nextWork = Math.max(this.nextWork, record.work + 1);
        break;
      case "ended":
        this.works.delete(record.work);
        break;
      case "prepared":
        this.changes.set(record.event.sequence, record.event);
        if (record.event.sequence >= this.nextSequence) this.nextSequence = lastNumberOf(record.event) + 1n;
        break;
      case "done":
      case "dropped":
        this.changes.delete(record.sequence);
        break;
    }
  }
}

/** Puts the changes that are done into their order, and holds back what comes after one that is open. */
class Settling {
  readonly #changes = new Map<bigint, ChangeEvent | "dropped" | { done: ChangeEvent }>();

  /** Takes the next record; answers the changes that can be told of now. */
  apply(record: JournalRecord): ChangeEvent[] {
    const changes = this.#changes;
    if (record.kind === "prepared" && record.carried !== true) changes.set(record.event.sequence, record.event);
    if (record.kind !== "done" && record.kind !== "dropped") return [];
    const change = changes.get(record.sequence);
    if (change === undefined || change === "dropped" || "done" in change) return [];
    changes.set(record.sequence, record.kind === "done" ? { done: change } : "dropped");
    const ready: ChangeEvent[] = [];
    for (const [sequence, state] of changes) {
      if (state !== "dropped" && !("done" in state)) break;
      if (state !== "dropped") ready.push(state.done);
      changes.delete(sequence);
    }
    return ready;
  }
}

const SEGMENT_NAME = /^(\d{20})(?:-(\d{4}))?\.journal$/;

/** Names of the segments, oldest first. */
function segmentNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => SEGMENT_NAME.test(name))
    .sort();
}

function freeName(directory: string, sequence: bigint): string {
  const used = new Set(segmentNames(directory));
  for (let turn = 0; ; turn++) {
    const name = `${String(sequence).padStart(20, "0")}-${String(turn).padStart(4, "0")}.journal`;
    if (!used.has(name)) return name;
  }
}

function sequenceOf(name: string): bigint {
  return BigInt(SEGMENT_NAME.exec(name)?.[1] ?? "0");
}

/** When a segment was begun; the far future for one that cannot be read, so that nothing is deleted because of it. */
function beginningOf(path: string): number {
  const first = readFirstRecord(path);
  return first?.kind === "segment" ? first.atMs : Number.POSITIVE_INFINITY;
}
