import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { administers } from "./administers.ts";
import { EventField, numberOf, SelectionFields } from "./event-fields.ts";
import { ReadableEvents } from "./readable-events.ts";

/** Tells of what happens in all repositories that the caller may read, and, if he asks and may, of what administration changes. */
export const watchEvents = defineOperation({
  name: "watchEvents",
  summary: "Watch events",
  kind: "read",
  shape: "watch",
  access: "server-read",
  target: "none",
  input: Type.Object(SelectionFields, { additionalProperties: false }),
  output: EventField,
  errors: ["reader_too_slow", "forbidden"],
  examples: [{ title: "From the beginning", input: { since: "0" } }],
  async *run({ since, admin }, ctx) {
    const { signal } = ctx;
    const mayWatchAll = async () => admin !== true || (await administers(ctx));
    if (!(await mayWatchAll())) throw new OperationError("forbidden", { operation: "watchEvents" });
    const readable = new ReadableEvents(ctx);
    for await (const batch of ctx.events.watch({ ...numberOf(since), admin: admin === true, signal })) {
      // Who stops being an administrator hears no more of administration.
      if (!(await mayWatchAll())) throw new OperationError("forbidden", { operation: "watchEvents" });
      for (const event of batch) {
        const told = readable.tell(event);
        const delivered = told instanceof Promise ? await told : told;
        if (delivered !== undefined) yield delivered;
      }
    }
  },
});
