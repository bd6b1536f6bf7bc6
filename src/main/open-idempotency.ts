import type { Database } from "../database/database.ts";
import { DatabaseIdempotencyStore } from "../database/idempotency-store.ts";
import { Idempotency } from "../engine/idempotency.ts";
import { systemClock } from "../telemetry/clock.ts";
import type { Log } from "../telemetry/log.ts";
import type { AddOpened } from "./opened.ts";

/** Writes with idempotency keys, remembered in the database. */
export function openIdempotency(database: Database, log: Log, add: AddOpened): Idempotency {
  const idempotency = new Idempotency({
    store: new DatabaseIdempotencyStore(database),
    clock: systemClock,
    onFailed: (err) => log.logger.warn({ err }, "idempotency keys are not written down"),
  });
  idempotency.start();
  add(idempotency);
  return idempotency;
}
