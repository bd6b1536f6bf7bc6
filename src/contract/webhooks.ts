import type { RepositoryRef } from "./repository-ref.ts";

/** An address that is told of events. Its secret is kept, and never told. */
export interface WebhookRecord {
  readonly id: number;
  /** Absent: the hook is for the whole server. */
  readonly repository?: RepositoryRef;
  readonly url: string;
  /** Names of events; none: all that happen in repositories. */
  readonly events: readonly string[];
  readonly active: boolean;
  readonly createdAtMs: number;
}

/** What a hook shall be. */
export interface NewWebhook {
  readonly repository?: RepositoryRef;
  readonly url: string;
  readonly events: readonly string[];
  readonly active: boolean;
  /** Key of the signatures; empty: deliveries are not signed. */
  readonly secret: string;
}

/** What may change. */
export type WebhookChange = Partial<Omit<NewWebhook, "repository">>;

export type DeliveryState = "pending" | "delivered" | "failed";

/** One event on its way to one hook. Times are milliseconds since 1970. */
export interface DeliveryRecord {
  readonly id: number;
  readonly webhookId: number;
  readonly eventId: string;
  readonly event: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly createdAtMs: number;
  /** When it is tried next; absent once it is not. */
  readonly nextAttemptAtMs?: number;
  /** How the last attempt went: the status of the answer and its beginning, or why there was none. */
  readonly status?: number;
  readonly response?: string;
  readonly error?: string;
}

/** Hooks and their deliveries, as operations see them. */
export interface Webhooks {
  /** Throws `invalid_input` for an address that no hook may have. */
  create(hook: NewWebhook): Promise<WebhookRecord>;
  /** Those of a repository, or of the server, by their ids. */
  list(repository: RepositoryRef | undefined): Promise<readonly WebhookRecord[]>;
  /** Throws `webhook_not_found`, also for one of another repository. */
  find(repository: RepositoryRef | undefined, id: number): Promise<WebhookRecord>;
  update(repository: RepositoryRef | undefined, id: number, change: WebhookChange): Promise<WebhookRecord>;
  remove(repository: RepositoryRef | undefined, id: number): Promise<WebhookRecord>;
  /** The newest first; those older than `before` only, where it is given. */
  deliveries(hook: WebhookRecord, page: { limit: number; before?: number }): Promise<readonly DeliveryRecord[]>;
  /** Sends once more what has been sent, as soon as there is room. Throws `delivery_not_found`. */
  redeliver(hook: WebhookRecord, delivery: number): Promise<DeliveryRecord>;
}

/** A delivery with all that is needed to send it. */
export interface DueDelivery {
  readonly id: number;
  readonly event: string;
  readonly body: string;
  readonly attempts: number;
  readonly url: string;
  readonly secret: string;
}

/** What is to be kept of an event for one hook. */
export interface NewDelivery {
  readonly webhookId: number;
  readonly eventId: string;
  readonly event: string;
  readonly body: string;
}

/** A repository that got another path, or none. */
export interface RepositoryMove {
  readonly from: RepositoryRef;
  /** Absent: it is gone. Its hooks are told what they wait for, and listen to nothing any more. */
  readonly to?: RepositoryRef | undefined;
}

/** How an attempt went. */
export interface AttemptResult {
  readonly state: DeliveryState;
  readonly nextAttemptAtMs?: number;
  readonly status?: number;
  readonly response?: string;
  readonly error?: string;
}

/** A hook with the event behind which it began to listen. */
export interface ListeningHook extends WebhookRecord {
  readonly since: bigint;
}

/** Where hooks and deliveries are kept: the database. */
export interface WebhookStore {
  create(hook: NewWebhook, since: bigint, nowMs: number): Promise<WebhookRecord>;
  list(): Promise<readonly ListeningHook[]>;
  update(id: number, change: WebhookChange): Promise<void>;
  remove(id: number): Promise<void>;
  /** The event up to which everything is on its way; undefined before the first. */
  cursor(): Promise<bigint | undefined>;
  /**
   * Takes in deliveries, each once for its hook and event, moves the cursor, and makes hooks follow their repository: all or nothing.
   */
  enqueue(deliveries: readonly NewDelivery[], cursor: bigint, nowMs: number, move?: RepositoryMove): Promise<void>;
  /** Deliveries of active hooks whose time has come, but for those already being sent and those to places that have no room. */
  due(
    nowMs: number,
    limit: number,
    except: { readonly ids: readonly number[]; readonly urls: readonly string[] },
  ): Promise<readonly DueDelivery[]>;
  /** When the next one is due, of those that are not yet. */
  nextDueAtMs(nowMs: number): Promise<number | undefined>;
  finish(id: number, result: AttemptResult): Promise<void>;
  deliveries(webhookId: number, page: { limit: number; before?: number }): Promise<readonly DeliveryRecord[]>;
  delivery(webhookId: number, id: number): Promise<DeliveryRecord | undefined>;
  /** Makes a delivery due again, from its first attempt. */
  again(id: number, nowMs: number): Promise<void>;
  /** Forgets deliveries that are over and older than this, and hooks of repositories that are gone with nothing left to deliver. */
  prune(beforeMs: number): Promise<void>;
}
