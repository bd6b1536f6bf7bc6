import { GitError } from "../errors.ts";
import { EventConnection } from "./event-connection.ts";
import { ReconnectDelays } from "./reconnect-delays.ts";
import { type WatchedEvent, watchedEvent } from "./repository-event.ts";
import type { ServerEvent } from "./server-message.ts";
import type { ConnectionEnd } from "./stream-errors.ts";
import { WaitingEvents } from "./waiting-events.ts";
import type { WatchClock } from "./watch-clock.ts";

/** A connection that stands: the events behind this one will come. */
export interface WatchConnected {
  /** The event behind which the stream goes on. */
  readonly eventId: string;
  /** The watch was connected before. */
  readonly resumed: boolean;
}

/** A connection that is gone, or was not made, and what comes next. */
export interface WatchDisconnected {
  readonly error: GitError;
  /** When the next attempt is made, in milliseconds from now. */
  readonly retryInMs: number;
}

/** What a watch needs to know. */
export interface RepositoryWatchSettings {
  readonly url: string;
  readonly token: string | undefined;
  readonly channel: string;
  readonly since: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly clock: WatchClock;
  readonly connectMaxMs: number;
  readonly silenceMaxMs: number;
  readonly pongMaxMs: number;
  readonly waitingEventsMax: number;
  readonly waitingCharactersMax: number;
  readonly onConnected: ((connected: WatchConnected) => void) | undefined;
  readonly onDisconnected: ((disconnected: WatchDisconnected) => void) | undefined;
}

/**
 * The events of one repository, one after the other, for one reader. It connects at once, and again whenever the connection is lost;
 * the loop over it ends when `return` is called (as `break` does) or the signal fires, and throws what no further attempt can mend.
 */
export class RepositoryWatch implements AsyncIterableIterator<WatchedEvent, undefined> {
  /**
   * Settles when the first connection stands, with the id of the event behind which this watch tells everything: state that is read
   * from then on and brought forward by the events misses nothing. Rejects when the watch ends before.
   */
  readonly ready: Promise<string>;
  readonly #settings: RepositoryWatchSettings;
  readonly #waiting: WaitingEvents;
  readonly #delays: ReconnectDelays;
  #readers: Reader[] = [];
  #connection: EventConnection | undefined;
  #cancelAttempt: (() => void) | undefined;
  /** The newest event that is behind us: handed out, or waiting for the reader. */
  #position: string | undefined;
  #wasConnected = false;
  /** The connection was given up because too much waits; there is another when the reader has come along. */
  #isPaused = false;
  #isOver = false;
  #failure: Error | undefined;
  #resolveReady!: (eventId: string) => void;
  #rejectReady!: (reason: unknown) => void;

  constructor(settings: RepositoryWatchSettings) {
    this.#settings = settings;
    this.#position = settings.since;
    this.#waiting = new WaitingEvents(settings.waitingEventsMax, settings.waitingCharactersMax);
    this.#delays = new ReconnectDelays(settings.clock);
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // Who does not ask for it learns of the failure from the loop.
    this.ready.catch(() => {});
    settings.signal?.addEventListener("abort", this.#abort);
    if (settings.signal?.aborted === true) this.#abort();
    else this.#connect();
  }

  /** Itself: a watch is read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event, as soon as there is one. */
  async next(): Promise<IteratorResult<WatchedEvent, undefined>> {
    const event = this.#waiting.take();
    if (event !== undefined) {
      if (this.#isPaused && this.#waiting.hasRoom) this.#resume();
      return { done: false, value: event };
    }
    const failure = this.#failure;
    if (failure !== undefined) {
      this.#failure = undefined;
      throw failure;
    }
    if (this.#isOver) return { done: true, value: undefined };
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** Ends the watch and closes its connection; what waits is dropped. */
  async return(): Promise<IteratorResult<WatchedEvent, undefined>> {
    this.#stop(new GitError("the watch has ended before it was connected", { code: "CANCELLED" }));
    return { done: true, value: undefined };
  }

  /** As `return`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly #abort = (): void => this.#stop(this.#settings.signal?.reason);

  #connect(): void {
    this.#connection = new EventConnection({
      ...this.#settings,
      since: this.#position,
      onSubscribed: (eventId) => this.#subscribed(eventId),
      onEvent: (event, size) => this.#take(event, size),
      onEnd: (end) => this.#disconnected(end),
    });
  }

  #resume(): void {
    this.#isPaused = false;
    this.#connect();
  }

  #subscribed(eventId: string): void {
    this.#position ??= eventId;
    this.#delays.reset();
    const resumed = this.#wasConnected;
    this.#wasConnected = true;
    this.#resolveReady(eventId);
    this.#tell(() => this.#settings.onConnected?.({ eventId, resumed }));
  }

  #take(event: ServerEvent, size: number): void {
    // Nothing comes twice, whatever the server does.
    if (this.#position !== undefined && BigInt(event.id) <= BigInt(this.#position)) return;
    const watched = watchedEvent(event);
    if (watched !== undefined) {
      const reader = this.#readers.shift();
      if (reader !== undefined) reader.resolve({ done: false, value: watched });
      else if (!this.#waiting.offer(watched, size)) return this.#pause();
    }
    this.#position = event.id;
  }

  /** The reader is slower than what comes. The server keeps the events; so they are left there until there is place. */
  #pause(): void {
    this.#isPaused = true;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #disconnected({ error, final }: ConnectionEnd): void {
    this.#connection = undefined;
    if (final) return this.#fail(error);
    const retryInMs = this.#delays.next();
    this.#cancelAttempt = this.#settings.clock.after(retryInMs, () => this.#connect());
    this.#tell(() => this.#settings.onDisconnected?.({ error, retryInMs }));
  }

  /** What the application's own function throws ends the watch: it is thrown in the loop, where somebody hears of it. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#end(error);
    const [first, ...others] = this.#readers;
    this.#readers = [];
    if (first === undefined) this.#failure = error;
    else first.reject(error);
    for (const reader of others) reader.resolve({ done: true, value: undefined });
  }

  #stop(reason: unknown): void {
    this.#waiting.clear();
    this.#failure = undefined;
    if (this.#isOver) return;
    this.#end(reason);
    for (const reader of this.#readers) reader.resolve({ done: true, value: undefined });
    this.#readers = [];
  }

  #end(reason: unknown): void {
    this.#isOver = true;
    this.#isPaused = false;
    this.#cancelAttempt?.();
    this.#connection?.close();
    this.#connection = undefined;
    this.#settings.signal?.removeEventListener("abort", this.#abort);
    this.#rejectReady(reason);
  }
}

interface Reader {
  resolve(result: IteratorResult<WatchedEvent, undefined>): void;
  reject(error: Error): void;
}
