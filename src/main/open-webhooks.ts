import type { Config } from "../config.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Database } from "../database/database.ts";
import { DatabaseWebhookStore } from "../database/webhook-store.ts";
import type { EventLog } from "../events/event-log.ts";
import { postToTarget } from "../jobs/post-to-target.ts";
import { WebhookService } from "../jobs/webhook-service.ts";
import type { RepositoryLocator } from "../storage/repository-locator.ts";
import { systemClock } from "../telemetry/clock.ts";
import type { Log } from "../telemetry/log.ts";
import { VERSION } from "../version.ts";

/** Webhooks over the database, the events and the network. They begin to be delivered with `start`. */
export function openWebhooks(
  config: Config,
  log: Log,
  database: Database,
  events: EventLog,
  locator: RepositoryLocator,
): WebhookService {
  const allowPrivate = config.allowPrivateTargets;
  return new WebhookService({
    store: new DatabaseWebhookStore(database),
    clock: systemClock,
    dice: Math.random,
    events: events.forCaller({
      principal: { kind: "control", name: "webhooks" },
      door: "internal",
      requestId: "webhooks",
      peer: "",
      signal: new AbortController().signal,
    }),
    post: (post, signal) => postToTarget(post, { allowPrivate, signal }),
    canonical: (ref: RepositoryRef) => ({ storage: ref.storage, relativePath: locator.canonicalPath(ref) }),
    allowPrivate,
    deliveriesKeepDays: config.eventsKeepDays,
    userAgent: `holdfast/${VERSION}`,
    onFailed: (err) => log.logger.warn({ err }, "webhooks are held up"),
  });
}
