import type { DeliveredEvent } from "../../contract/events.ts";
import { LimitField, Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { administers } from "./administers.ts";
import { EventField, numberOf, refuseFuture, SelectionFields } from "./event-fields.ts";
import { ReadableEvents } from "./readable-events.ts";

/** Lists past events of the repositories that the caller may read, oldest first; from the oldest that is kept unless `since` is given. */
export const listEvents = defineOperation({
  name: "listEvents",
  summary: "List events",
  kind: "read",
  shape: "list",
  access: "server-read",
  target: "none",
  input: Type.Object({ ...SelectionFields, limit: Maybe(LimitField) }, { additionalProperties: false }),
  output: EventField,
  errors: ["forbidden"],
  examples: [{ title: "The first ten that are kept", input: { limit: 10 } }],
  tool: {
    noun: "events",
    isDefault: true,
    advice:
      "Pushes, branches, repositories made and removed, oldest first. Go on with since: the event_id of the last one you have seen.",
  },
  async *run({ since, admin, limit }, ctx) {
    const { signal } = ctx;
    if (admin === true && !(await administers(ctx))) {
      throw new OperationError("forbidden", { operation: "listEvents" });
    }
    refuseFuture(since, ctx.events.newest());
    const readable = new ReadableEvents(ctx);
    let left = limit ?? Number.POSITIVE_INFINITY;
    if (left === 0) return;
    for await (const batch of ctx.events.past({ ...numberOf(since), admin: admin === true, signal })) {
      const delivered: DeliveredEvent[] = [];
      for (const event of batch) {
        const told = await readable.tell(event);
        if (told === undefined) continue;
        delivered.push(told);
        if (--left === 0) break;
      }
      yield delivered;
      if (left === 0) return;
    }
  },
});
