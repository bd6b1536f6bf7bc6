import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { administers } from "./administers.ts";
import { EventField, NamesField, namesOf, numberOf, SelectionFields } from "./event-fields.ts";
import { ReadableEvents } from "./readable-events.ts";

const REPOSITORIES_MAX = 100;

/** Tells of what happens in all repositories that the caller may read, and, if he asks and may, of what administration changes. */
export const watchEvents = defineOperation({
  name: "watchEvents",
  summary: "Watch events",
  kind: "read",
  shape: "watch",
  access: "server-read",
  target: "none",
  input: Type.Object(
    {
      ...SelectionFields,
      repositories: Maybe(
        Type.Array(RepositoryField, {
          minItems: 1,
          maxItems: REPOSITORIES_MAX,
          description: "Only what happens in these; absent: in all that the caller may read",
        }),
      ),
      events: Maybe(NamesField),
    },
    { additionalProperties: false },
  ),
  output: EventField,
  errors: ["reader_too_slow", "forbidden", "repository_not_found"],
  examples: [{ title: "From the beginning", input: { since: "0" } }],
  async *run({ since, admin, repositories, events }, ctx) {
    const { signal } = ctx;
    const mayWatchAll = async () => admin !== true || (await administers(ctx));
    if (!(await mayWatchAll())) throw new OperationError("forbidden", { operation: "watchEvents" });
    const names = namesOf(events);
    for (const one of repositories ?? []) {
      await ctx.requireReading(one);
      if (!(await ctx.repositories.exists(one)))
        throw new OperationError("repository_not_found", { repository: one.relativePath });
    }
    const readable = new ReadableEvents(ctx, repositories, names);
    const only = repositories === undefined ? {} : { repositories };
    const selection = { ...numberOf(since), ...only, admin: admin === true, signal };
    for await (const batch of ctx.events.watch(selection)) {
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
