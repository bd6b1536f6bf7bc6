import type { Clock } from "../contract/context.ts";
import type { Events, PendingEvent } from "../contract/events.ts";
import type { ListeningHook, NewDelivery, RepositoryMove, WebhookStore } from "../contract/webhooks.ts";
import { ADMIN_EVENTS, EVENTS_BEGIN, EVENTS_EXPIRED } from "../domain/event-names.ts";
import { moveOfEvent } from "./move-of-event.ts";
import { UntiringLoop } from "./untiring-loop.ts";

/** Events that concern no hook may pass so long before that is written down. */
const CURSOR_LAG_EVENTS = 1000;
/** Deliveries that are written down together. */
const ENQUEUED_MAX = 500;

export interface WebhookIntakeOptions {
  readonly store: WebhookStore;
  readonly clock: Clock;
  /** The server's own view of its events: all of them. */
  readonly events: Events;
  /** Told that deliveries have come in. */
  readonly onDeliveries: () => void;
  readonly onFailed: (error: unknown) => void;
}

/**
 * Makes deliveries of events: each event once for each hook that wants it, in one transaction with the note of how far it has come, so
 * that a crash at any moment neither loses nor doubles one.
 */
export class WebhookIntake {
  readonly #options: WebhookIntakeOptions;
  readonly #loop: UntiringLoop;
  #hooks: Promise<readonly ListeningHook[]> | undefined;
  #written = 0n;
  #begin = 0n;

  constructor(options: WebhookIntakeOptions) {
    this.#options = options;
    const onFailed = (error: unknown) => {
      options.onFailed(error);
      this.forgetHooks();
    };
    this.#loop = new UntiringLoop({ run: (signal) => this.#follow(signal), onFailed });
  }

  start(): void {
    this.#begin = this.#options.events.newest();
    this.#loop.start();
  }

  /** Hooks have changed. */
  forgetHooks(): void {
    this.#hooks = undefined;
  }

  close(): Promise<void> {
    return this.#loop.close();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { store, events } = this.#options;
    this.#written = (await store.cursor()) ?? (await this.#beforeFirstHook());
    // A database may be older than its journal, or the other way round, where one of them was brought back.
    const since = this.#written > events.newest() ? events.newest() : this.#written;
    for await (const batch of events.watch({ since, admin: true, signal })) await this.#take(batch);
  }

  /** Where to begin as long as nothing has been taken in: an earlier server may have died before it came to that. */
  async #beforeFirstHook(): Promise<bigint> {
    return (await this.#allHooks()).map(({ since }) => since).reduce((a, b) => (a < b ? a : b), this.#begin);
  }

  async #take(batch: readonly PendingEvent[]): Promise<void> {
    let wanted: NewDelivery[] = [];
    for (const event of batch) {
      if (event.name === EVENTS_BEGIN || event.name === EVENTS_EXPIRED) continue;
      for (const { id } of (await this.#allHooks()).filter((hook) => concerns(hook, event))) {
        const delivered = await event.deliver();
        const { event_id: eventId, event: name } = delivered;
        wanted.push({ webhookId: id, eventId, event: name, body: JSON.stringify(delivered) });
      }
      // Hooks go with their repository.
      const move = moveOfEvent(event);
      if (move === undefined && wanted.length < ENQUEUED_MAX) continue;
      await this.#enqueue(wanted, event.id, move);
      wanted = [];
      if (move !== undefined) this.forgetHooks();
    }
    const last = batch.at(-1)?.id ?? this.#written;
    if (wanted.length > 0 || last - this.#written >= CURSOR_LAG_EVENTS) await this.#enqueue(wanted, last);
  }

  async #enqueue(wanted: readonly NewDelivery[], upTo: bigint, move?: RepositoryMove): Promise<void> {
    const { store, clock, onDeliveries } = this.#options;
    await store.enqueue(wanted, upTo, clock.nowMs(), move);
    this.#written = upTo;
    if (wanted.length > 0) onDeliveries();
  }

  #allHooks(): Promise<readonly ListeningHook[]> {
    return (this.#hooks ??= this.#options.store.list());
  }
}

/** Does a hook want an event? One of a repository hears nothing of administration, one of the server what it asks for. */
function concerns({ repository, events, active, since }: ListeningHook, event: PendingEvent): boolean {
  if (!active || event.id <= since) return false;
  if (repository !== undefined && !isAbout(event, repository)) return false;
  if (events.length > 0) return events.includes(event.name);
  return !(ADMIN_EVENTS as readonly string[]).includes(event.name);
}

function isAbout({ repositories }: PendingEvent, { storage, relativePath }: NonNullable<ListeningHook["repository"]>) {
  return repositories.some((one) => one.storage === storage && one.relativePath === relativePath);
}
