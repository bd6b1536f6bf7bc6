import type { Clock } from "../contract/context.ts";
import type { AttemptResult, DueDelivery, WebhookStore } from "../contract/webhooks.ts";
import { delayAfter } from "./attempt-schedule.ts";
import { type Answer, type Post, PostFailure } from "./post-to-target.ts";
import { signatureHeader } from "./signature.ts";

/** Deliveries on their way at once: in all, and to one host. */
const SENDING_MAX = 32;
const SENDING_PER_HOST_MAX = 4;
/** Looked for at once, and how often at a time: behind those of a crowded host there may be others. */
const DUE_MAX = 128;
const TURNS_MAX = 4;
/** The longest sleep: a clock that is set forward is noticed. */
const SLEEP_MAX_MS = 60_000;
/** How long nothing is tried after the database could not be asked. */
const DATABASE_PAUSE_MS = 5_000;

export interface WebhookSenderOptions {
  readonly store: WebhookStore;
  readonly clock: Clock;
  readonly dice: () => number;
  /** Posts a message. Throws PostFailure. */
  readonly post: (post: Post, signal: AbortSignal) => Promise<Answer>;
  /** The agent that receivers see. */
  readonly userAgent: string;
  /** Told of what kept deliveries from being sent or taken down; they stay due. */
  readonly onFailed: (error: unknown) => void;
}

/** Sends deliveries whose time has come, and takes down how it went. */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #ending = new AbortController();
  readonly #sending = new Map<number, Promise<void>>();
  readonly #hosts = new Map<string, number>();
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
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

  /** Breaks off what is on its way; it is sent again at the next start. */
  async close(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#sending.values());
  }

  /** Begins what can be sent; answers after how many milliseconds to look again. */
  async #look(): Promise<number> {
    const { store, clock, onFailed } = this.#options;
    try {
      const nowMs = clock.nowMs();
      const crowded = new Set<string>();
      for (let due = DUE_MAX, turn = 0; due === DUE_MAX && turn < TURNS_MAX; turn++) {
        const found = await store.due(nowMs, DUE_MAX, { ids: [...this.#sending.keys()], urls: [...crowded] });
        for (const delivery of found) if (!this.#begin(delivery)) crowded.add(delivery.url);
        due = found.length;
      }
      // Those that have to wait for room are looked for when there is some.
      const next = await store.nextDueAtMs(nowMs);
      return next === undefined ? SLEEP_MAX_MS : Math.min(Math.max(next - clock.nowMs(), 1), SLEEP_MAX_MS);
    } catch (error) {
      onFailed(error);
      return DATABASE_PAUSE_MS;
    }
  }

  /** Is there room? Then the delivery is on its way. */
  #begin(delivery: DueDelivery): boolean {
    const host = URL.canParse(delivery.url) ? new URL(delivery.url).host : "";
    const busy = this.#hosts.get(host) ?? 0;
    if (this.#sending.size >= SENDING_MAX || busy >= SENDING_PER_HOST_MAX || this.#ending.signal.aborted) return false;
    this.#hosts.set(host, busy + 1);
    const sent = this.#send(delivery)
      .catch((error: unknown) => this.#options.onFailed(error))
      .then(() => {
        this.#sending.delete(delivery.id);
        const left = (this.#hosts.get(host) ?? 1) - 1;
        if (left === 0) this.#hosts.delete(host);
        else this.#hosts.set(host, left);
        this.wake();
      });
    this.#sending.set(delivery.id, sent);
    return true;
  }

  async #send(delivery: DueDelivery): Promise<void> {
    const { store, clock, dice } = this.#options;
    const attempt = await this.#attempt(delivery);
    // Broken off by ourselves: it has not been tried.
    if (this.#ending.signal.aborted && attempt.state !== "delivered") return;
    if (attempt.state === "delivered") return store.finish(delivery.id, attempt);
    const delayMs = delayAfter(delivery.attempts + 1, dice);
    const result: AttemptResult =
      delayMs === undefined ? attempt : { ...attempt, state: "pending", nextAttemptAtMs: clock.nowMs() + delayMs };
    await store.finish(delivery.id, result);
  }

  async #attempt({ id, event, body, url, secret }: DueDelivery): Promise<AttemptResult> {
    const headers = {
      "content-type": "application/json",
      "user-agent": this.#options.userAgent,
      "x-holdfast-event": event,
      "x-holdfast-delivery": String(id),
      ...signatureHeader(secret, body),
    };
    try {
      const { status, text } = await this.#options.post({ url, headers, body }, this.#ending.signal);
      const arrived = status >= 200 && status < 300;
      return { state: arrived ? "delivered" : "failed", status, response: text };
    } catch (error) {
      if (!(error instanceof PostFailure)) throw error;
      return { state: "failed", error: error.message };
    }
  }
}
