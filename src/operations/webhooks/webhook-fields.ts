import { Maybe, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import type { EventData } from "../../contract/events.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import type { DeliveryRecord, WebhookRecord } from "../../contract/webhooks.ts";
import { repositoryNameOf } from "../../domain/repository-name.ts";

/** Where a hook is. */
export const PlaceFields = {
  repository: Maybe({ ...RepositoryField, description: "The hook's repository; absent for a hook of the server" }),
};

export const IdField = Type.Integer({ minimum: 1, description: "Id of the hook" });

export const EventNamesField = Type.Array(Type.String(), {
  maxItems: 100,
  description: "Names of events; none: all that happen in repositories",
});

/** A hook as it is shown: never with its secret. */
export const WebhookItem = Type.Object(
  {
    id: Type.Integer(),
    url: Type.String(),
    events: Type.Array(Type.String()),
    active: Type.Boolean(),
    created_at: Type.String({ description: "RFC 3339, UTC" }),
  },
  { title: "Webhook" },
);

export function webhookItem({ id, url, events, active, createdAtMs }: WebhookRecord): Static<typeof WebhookItem> {
  return { id, url, events: [...events], active, created_at: new Date(createdAtMs).toISOString() };
}

export const DeliveryItem = Type.Object(
  {
    id: Type.Integer(),
    event_id: Type.String({ description: "Number of the event" }),
    event: Type.String({ description: "Its name" }),
    state: Type.Union([Type.Literal("pending"), Type.Literal("delivered"), Type.Literal("failed")]),
    attempts: Type.Integer(),
    created_at: Type.String({ description: "RFC 3339, UTC" }),
    next_attempt_at: Maybe(Type.String({ description: "RFC 3339, UTC; absent once there is none" })),
    status: Maybe(Type.Integer({ description: "HTTP status of the last answer" })),
    response: Maybe(Type.String({ description: "Beginning of the last answer" })),
    error: Maybe(Type.String({ description: "Why there was no answer" })),
  },
  { title: "Delivery" },
);

export function deliveryItem(delivery: DeliveryRecord): Static<typeof DeliveryItem> {
  const { id, eventId, event, state, attempts, createdAtMs, nextAttemptAtMs, status, response, error } = delivery;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    id,
    event_id: eventId,
    event,
    state,
    attempts,
    created_at: time(createdAtMs),
    ...(nextAttemptAtMs === undefined ? {} : { next_attempt_at: time(nextAttemptAtMs) }),
    ...(status === undefined ? {} : { status }),
    ...(response === undefined ? {} : { response }),
    ...(error === undefined ? {} : { error }),
  };
}

/** What the events of administration say of a hook. */
export function webhookFacts({ id, url }: WebhookRecord, repository: RepositoryRef | undefined): EventData {
  const { origin } = new URL(url);
  // Paths and queries of such addresses often are secrets.
  const facts = { webhook: id, target: origin };
  return repository === undefined ? facts : { ...facts, repo: repositoryNameOf(repository.relativePath) };
}
