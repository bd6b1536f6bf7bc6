import type { AdminEventName, EVENTS_BEGIN, EVENTS_EXPIRED, RepositoryEventName } from "../domain/event-names.ts";
import type { RepositoryRef } from "./repository-ref.ts";

/** A value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The facts of an event, as JSON has them. */
export type EventData = { readonly [name: string]: Json };

/** An event as it is delivered. All who are told of it share the one object, so that what is made of it can be kept by it. */
export interface DeliveredEvent {
  /** Its place in the order of all events: a decimal number that grows, and is never used twice. */
  readonly event_id: string;
  readonly event: RepositoryEventName | AdminEventName | typeof EVENTS_BEGIN | typeof EVENTS_EXPIRED;
  /** When it happened (RFC 3339, UTC). */
  readonly timestamp: string;
  readonly data: EventData;
}

/** An event with what is to be known before it is delivered. */
export interface PendingEvent {
  readonly id: bigint;
  readonly name: DeliveredEvent["event"];
  /** The repositories that it is about: a renamed one has two names. None: the event is for administrators. */
  readonly repositories: readonly RepositoryRef[];
  /** Has its repository been deleted or renamed since? What has its name now is another, and may be read by others. */
  isOutlived(): boolean;
  /** The event with all its facts; reads the repository where they are not in the journal. Never rejects. */
  deliver(): DeliveredEvent | Promise<DeliveredEvent>;
}

/** Which events somebody wants. */
export interface EventSelection {
  /** Only events of these repositories; absent: of all. */
  readonly repositories?: readonly RepositoryRef[];
  /** Events of administration as well. */
  readonly admin?: boolean;
  /** The event after which to begin; absent: with what happens from now on. */
  readonly since?: bigint;
  readonly signal: AbortSignal;
}

/** The events of the server as operations see them, on behalf of one caller. */
export interface Events {
  /**
   * Records what an operation of administration has changed, durably. `data` is for administrators to read: names and ids, no
   * secrets.
   */
  recordAdmin(event: AdminEventName, data: EventData): Promise<void>;
  /** The number of the newest event that has happened; 0 before the first. */
  newest(): bigint;
  /** Past events in order up to the newest, in batches. What is too old to be kept is told of by `events_expired`, first. */
  past(selection: EventSelection): AsyncIterable<readonly PendingEvent[]>;
  /**
   * First `events_begin`, at once; then past events, then each as it happens, nothing lost or doubled between. Throws `reader_too_slow` when more waits for the
   * reader than is kept for it, and `invalid_input` for a `since` that has not been yet.
   */
  watch(selection: EventSelection): AsyncIterable<readonly PendingEvent[]>;
}
