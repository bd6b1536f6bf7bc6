import type { Clock } from "../contract/context.ts";
import type { MirrorRecord, MirrorStore } from "../contract/mirrors.ts";
import { errorSentence } from "../domain/error-sentence.ts";
import { OperationError } from "../domain/errors.ts";

/** Mirrors on their way at once. */
const RUNNING_MAX = 4;
/** The longest sleep: a clock that is set forward is noticed. */
const SLEEP_MAX_MS = 60_000;
/** How long nothing is tried after the database could not be asked. */
const DATABASE_PAUSE_MS = 5_000;
/** After a failure: doubled with each, up to the longest. */
const BACK_OFF_MS = 60_000;
const BACK_OFF_MAX_MS = 6 * 60 * 60 * 1000;
/** Share of a delay by which it may be longer, so that what failed together does not come back together. */
const JITTER = 0.2;
const SECOND_MS = 1000;

export interface MirrorRunnerOptions {
  readonly store: MirrorStore;
  readonly clock: Clock;
  /** Numbers from 0 up to 1. */
  readonly dice: () => number;
  /** Brings a mirror up to date. */
  readonly run: (mirror: MirrorRecord, signal: AbortSignal) => Promise<void>;
  /** Told of what kept mirrors from being run or taken down; they stay due. */
  readonly onFailed: (error: unknown, mirror?: MirrorRecord) => void;
}

/** Runs mirrors whose time has come, each once at a time, and takes down how it went. */
export class MirrorRunner {
  readonly #options: MirrorRunnerOptions;
  readonly #ending = new AbortController();
  /** Those that are being changed. */
  readonly #held = new Set<number>();
  readonly #running = new Map<number, { readonly stop: AbortController; ended: Promise<void> }>();
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(options: MirrorRunnerOptions) {
    this.#options = options;
  }

  isRunning(id: number): boolean {
    return this.#running.has(id);
  }

  /** Changes a mirror while it does not run: a run is ended first, and none begins meanwhile. */
  async changing<T>(id: number, change: () => Promise<T>): Promise<T> {
    this.#held.add(id);
    try {
      const running = this.#running.get(id);
      running?.stop.abort();
      await running?.ended;
      return await change();
    } finally {
      this.#held.delete(id);
      this.wake();
    }
  }

  /** Looks for what is due, now. */
  wake(): void {
    if (this.#ending.signal.aborted) return;
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#looking = this.#look().then((sleepMs) => {
      this.#looking = undefined;
      if (this.#ending.signal.aborted) return;
      if (this.#lookAgain) {
        this.#lookAgain = false;
        return this.wake();
      }
      this.#timer = setTimeout(() => this.wake(), sleepMs);
    });
  }

  /** Breaks off what runs; it is still due at the next start. */
  async close(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #look(): Promise<number> {
    const { store, clock, onFailed } = this.#options;
    try {
      const room = RUNNING_MAX - this.#running.size;
      const due = room > 0 ? await store.due(clock.nowMs(), room, [...this.#running.keys(), ...this.#held]) : [];
      for (const mirror of due) this.#begin(mirror);
      const next = await store.nextDueAtMs(clock.nowMs());
      return next === undefined ? SLEEP_MAX_MS : Math.min(Math.max(next - clock.nowMs(), 1), SLEEP_MAX_MS);
    } catch (error) {
      onFailed(error);
      return DATABASE_PAUSE_MS;
    }
  }

  #begin(mirror: MirrorRecord): void {
    if (this.#ending.signal.aborted || this.#held.has(mirror.id)) return;
    const stop = new AbortController();
    const ended = this.#run(mirror, AbortSignal.any([stop.signal, this.#ending.signal]))
      .catch((error: unknown) => this.#options.onFailed(error, mirror))
      .then(() => {
        this.#running.delete(mirror.id);
        this.wake();
      });
    this.#running.set(mirror.id, { stop, ended });
  }

  async #run(mirror: MirrorRecord, signal: AbortSignal): Promise<void> {
    const { store, clock, run, onFailed } = this.#options;
    const ranAtMs = clock.nowMs();
    const dueAtMs = mirror.nextRunAtMs ?? ranAtMs;
    let problem: string | undefined;
    try {
      await run(mirror, signal);
    } catch (error) {
      // Broken off by ourselves: it has not been tried.
      if (signal.aborted) return;
      onFailed(error, mirror);
      problem = error instanceof OperationError ? errorSentence(error) : "internal error";
    }
    const nextRunAtMs = this.#nextRun(mirror, problem !== undefined);
    await store.finish(mirror.id, { dueAtMs, ranAtMs, nextRunAtMs, ...(problem === undefined ? {} : { problem }) });
  }

  #nextRun({ direction, intervalS = 0, failures }: MirrorRecord, hasFailed: boolean): number | null {
    const { clock, dice } = this.#options;
    const intervalMs = intervalS * SECOND_MS;
    if (!hasFailed) return direction === "push" ? null : clock.nowMs() + intervalMs;
    const backOffMs = Math.min(BACK_OFF_MS * 2 ** Math.min(failures, 30), BACK_OFF_MAX_MS) * (1 + JITTER * dice());
    return clock.nowMs() + Math.round(Math.max(intervalMs, backOffMs));
  }
}
