import type { Clock } from "../contract/context.ts";
import type { SessionStore } from "../contract/session-store.ts";
import type { SessionInfo } from "../contract/sessions.ts";
import { OperationError } from "../domain/errors.ts";
import { type Reason, REASONS } from "../domain/reasons.ts";
import type { SessionSettings } from "./session-settings.ts";

/** Sessions that are seen to at once. */
const RUNNING_MAX = 4;
/** The longest sleep: a clock that is set forward is noticed. */
const SLEEP_MAX_MS = 60_000;
/** How long nothing is tried after the database could not be asked. */
const DATABASE_PAUSE_MS = 5_000;
/** A commit that failed is tried again after so many times the delay. */
const RETRY_FACTOR = 4;

export interface SessionTimersOptions {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly settings: SessionSettings;
  /** Until when later writes have put the automatic commit of a session off. */
  readonly putOff: ReadonlyMap<string, number>;
  /** Commits what a session has, on its owner's behalf, and pushes it where it pushes. */
  readonly commit: (session: SessionInfo) => Promise<void>;
  /** Ends a session whose lease is over. */
  readonly expire: (session: SessionInfo) => Promise<void>;
  /** Told of what kept something from being done. */
  readonly onFailed: (error: unknown, session?: SessionInfo) => void;
}

/** Automatic commits and ends of leases. All that they know stands in the database, but for how far a commit was put off. */
export class SessionTimers {
  readonly #options: SessionTimersOptions;
  readonly #running = new Map<string, Promise<void>>();
  #timer: Timer | undefined;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #isClosed = false;

  constructor(options: SessionTimersOptions) {
    this.#options = options;
  }

  /** Something will be due then: sleep no longer. */
  expect(dueAtMs: number): void {
    if (dueAtMs < this.#wakesAtMs && this.#looking === undefined) this.#sleep(dueAtMs - this.#options.clock.nowMs());
  }

  /** Looks for what is due, now. Resolves when it has been begun, and the next look is arranged. */
  async wake(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return this.#looking;
    }
    clearTimeout(this.#timer);
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.#looking = this.#look().then((sleepMs) => {
      this.#looking = undefined;
      if (this.#isClosed) return;
      if (!this.#lookAgain) return this.#sleep(sleepMs);
      this.#lookAgain = false;
      void this.wake();
    });
    await this.#looking;
  }

  /** Resolves when nothing runs any more of what was due. */
  async settled(): Promise<void> {
    while (this.#looking !== undefined || this.#running.size > 0) {
      await this.#looking;
      await Promise.all(this.#running.values());
    }
  }

  /** Begins nothing more, and waits for what has been begun. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#running.values());
  }

  #sleep(sleepMs: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    const ms = Math.min(Math.max(sleepMs, 1), SLEEP_MAX_MS);
    this.#wakesAtMs = this.#options.clock.nowMs() + ms;
    this.#timer = setTimeout(() => void this.wake(), ms);
  }

  /** Begins what is due; answers after how many milliseconds to look again. */
  async #look(): Promise<number> {
    const { store, clock, onFailed } = this.#options;
    try {
      const due = await store.due(clock.nowMs(), RUNNING_MAX, [...this.#running.keys()]);
      for (const session of due) await this.#begin(session);
      // Those that have to wait for room are looked for when there is some.
      if (this.#running.size >= RUNNING_MAX) return SLEEP_MAX_MS;
      const next = await store.nextDueAtMs([...this.#running.keys()]);
      return next === undefined ? SLEEP_MAX_MS : next - clock.nowMs();
    } catch (error) {
      onFailed(error);
      return DATABASE_PAUSE_MS;
    }
  }

  async #begin(session: SessionInfo): Promise<void> {
    const { store, clock, putOff } = this.#options;
    const { id } = session;
    if (this.#running.size >= RUNNING_MAX) return;
    const isOver = session.expiresAtMs <= clock.nowMs();
    const later = putOff.get(id);
    if (!isOver && later !== undefined && later > clock.nowMs())
      return await store.change(id, { commitDueAtMs: later });
    const run = (isOver ? this.#expire(session) : this.#commit(session))
      .catch((error: unknown) => this.#options.onFailed(error, session))
      .then(() => {
        this.#running.delete(id);
        void this.wake();
      });
    this.#running.set(id, run);
  }

  async #commit(session: SessionInfo): Promise<void> {
    const { store, clock, settings, commit, onFailed } = this.#options;
    try {
      await commit(session);
    } catch (error) {
      onFailed(error, session);
      const reason: Reason = error instanceof OperationError ? error.reason : "internal";
      // What cannot go well without the owner waits for his next write.
      const again = REASONS[reason].retry === "retry" || reason === "internal";
      const commitDueAtMs = again ? clock.nowMs() + RETRY_FACTOR * settings.autocommitMs : null;
      await store.change(session.id, { problem: reason, commitDueAtMs });
    }
  }

  async #expire(session: SessionInfo): Promise<void> {
    const { store, clock, settings, expire, onFailed } = this.#options;
    try {
      await expire(session);
    } catch (error) {
      onFailed(error, session);
      const reason: Reason = error instanceof OperationError ? error.reason : "internal";
      const expiresAtMs = clock.nowMs() + Math.max(RETRY_FACTOR * settings.autocommitMs, SLEEP_MAX_MS);
      await store.change(session.id, { problem: reason, expiresAtMs });
    }
  }
}
