import type { Clock } from "../contract/context.ts";
import type { Events } from "../contract/events.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type {
  DeliveryRecord,
  ListeningHook,
  NewWebhook,
  WebhookChange,
  WebhookRecord,
  Webhooks,
  WebhookStore,
} from "../contract/webhooks.ts";
import { OperationError } from "../domain/errors.ts";
import { ADMIN_EVENTS, REPOSITORY_EVENTS } from "../domain/event-names.ts";
import { isPublicAddress } from "./target-address.ts";
import { literalAddressOf, PostFailure, targetOf } from "./post-to-target.ts";
import { WebhookIntake } from "./webhook-intake.ts";
import { WebhookSender, type WebhookSenderOptions } from "./webhook-sender.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const PRUNE_EVERY_MS = 60 * 60 * 1000;
/** Hooks of one repository, or of the server. */
const HOOKS_MAX = 50;
const URL_LENGTH_MAX = 2048;
const SECRET_LENGTH_MAX = 1024;

export interface WebhookServiceOptions extends Omit<WebhookSenderOptions, "store"> {
  readonly store: WebhookStore;
  readonly clock: Clock;
  /** The server's own view of its events: all of them. */
  readonly events: Events;
  /** The one spelling of a repository's path. */
  readonly canonical: (repository: RepositoryRef) => RepositoryRef;
  readonly allowPrivate: boolean;
  readonly deliveriesKeepDays: number;
}

/** Webhooks: kept, told of events, and delivered. */
export class WebhookService implements Webhooks {
  readonly #options: WebhookServiceOptions;
  readonly #intake: WebhookIntake;
  readonly #sender: WebhookSender;
  #pruning: Timer | undefined;

  constructor(options: WebhookServiceOptions) {
    const { store, clock, events, onFailed } = options;
    this.#options = options;
    this.#sender = new WebhookSender(options);
    this.#intake = new WebhookIntake({ store, clock, events, onFailed, onDeliveries: () => this.#sender.wake() });
  }

  /** Goes on where an earlier server left off. */
  start(): void {
    this.#intake.start();
    this.#sender.wake();
    this.#prune();
    this.#pruning = setInterval(() => this.#prune(), PRUNE_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#pruning);
    await this.#intake.close();
    await this.#sender.close();
  }

  async create(hook: NewWebhook): Promise<WebhookRecord> {
    const { store, events, clock, canonical } = this.#options;
    this.#check(hook, hook.repository);
    if ((await this.list(hook.repository)).length >= HOOKS_MAX) {
      throw new OperationError("limit_exceeded", { limit: "webhooks here", maximum: HOOKS_MAX, retryAfterMs: 0 });
    }
    const { repository } = hook;
    const placed = repository === undefined ? hook : { ...hook, repository: canonical(repository) };
    const created = await store.create(placed, events.newest(), clock.nowMs());
    this.#intake.forgetHooks();
    return created;
  }

  async list(repository: RepositoryRef | undefined): Promise<readonly WebhookRecord[]> {
    const { store, canonical } = this.#options;
    const place = repository && canonical(repository);
    return (await store.list()).filter((hook) => isOf(hook, place)).map(({ since: _, ...hook }) => hook);
  }

  async find(repository: RepositoryRef | undefined, id: number): Promise<WebhookRecord> {
    const found = (await this.list(repository)).find((hook) => hook.id === id);
    if (found === undefined) throw new OperationError("webhook_not_found", { webhook: id });
    return found;
  }

  async update(repository: RepositoryRef | undefined, id: number, change: WebhookChange): Promise<WebhookRecord> {
    await this.find(repository, id);
    this.#check(change, repository);
    await this.#options.store.update(id, change);
    this.#intake.forgetHooks();
    this.#sender.wake();
    return this.find(repository, id);
  }

  async remove(repository: RepositoryRef | undefined, id: number): Promise<WebhookRecord> {
    const hook = await this.find(repository, id);
    await this.#options.store.remove(id);
    this.#intake.forgetHooks();
    return hook;
  }

  deliveries({ id }: WebhookRecord, page: { limit: number; before?: number }): Promise<readonly DeliveryRecord[]> {
    return this.#options.store.deliveries(id, page);
  }

  async redeliver({ id }: WebhookRecord, delivery: number): Promise<DeliveryRecord> {
    const { store, clock } = this.#options;
    if ((await store.delivery(id, delivery)) === undefined) {
      throw new OperationError("delivery_not_found", { delivery });
    }
    await store.again(delivery, clock.nowMs());
    this.#sender.wake();
    const again = await store.delivery(id, delivery);
    if (again === undefined) throw new OperationError("delivery_not_found", { delivery });
    return again;
  }

  /** What can be told at once; names are looked up with each delivery. */
  #check({ url, events, secret }: WebhookChange, repository: RepositoryRef | undefined): void {
    if (url !== undefined) this.#checkUrl(url);
    if (secret !== undefined && secret.length > SECRET_LENGTH_MAX) {
      throw invalid("secret", `is longer than ${SECRET_LENGTH_MAX} characters`);
    }
    const known: readonly string[] =
      repository === undefined ? [...REPOSITORY_EVENTS, ...ADMIN_EVENTS] : REPOSITORY_EVENTS;
    const unknown = events?.find((event) => !known.includes(event));
    if (unknown !== undefined) throw invalid("events", `${JSON.stringify(unknown)} is no event that comes here`);
  }

  #checkUrl(url: string): void {
    if (url.length > URL_LENGTH_MAX) throw invalid("url", `is longer than ${URL_LENGTH_MAX} characters`);
    try {
      const literal = literalAddressOf(targetOf(url));
      if (literal !== undefined && !this.#options.allowPrivate && !isPublicAddress(literal)) {
        throw invalid("url", "is no public address; the setting allow_private_targets would allow it");
      }
    } catch (error) {
      if (error instanceof PostFailure) throw invalid("url", error.message);
      throw error;
    }
  }

  #prune(): void {
    const { store, clock, deliveriesKeepDays, onFailed } = this.#options;
    store.prune(clock.nowMs() - deliveriesKeepDays * DAY_MS).catch(onFailed);
  }
}

function isOf({ repository: own }: ListeningHook, place: RepositoryRef | undefined): boolean {
  if (own === undefined || place === undefined) return own === place;
  return own.storage === place.storage && own.relativePath === place.relativePath;
}

function invalid(field: string, problem: string): OperationError {
  return new OperationError("invalid_input", { field, problem });
}
