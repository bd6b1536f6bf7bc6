import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { EventField, NamesField, namesOf, numberOf, SinceField } from "./event-fields.ts";
import { ReadableEvents } from "./readable-events.ts";

/** Tells of what happens in one repository, for as long as the caller may read it. */
export const watchRepository = defineOperation({
  name: "watchRepository",
  summary: "Watch a repository",
  kind: "read",
  shape: "watch",
  access: "read",
  // It is not opened: who watches must not keep it from being removed.
  target: "path",
  input: Type.Object(
    { repository: RepositoryField, since: Maybe(SinceField), events: Maybe(NamesField) },
    { additionalProperties: false },
  ),
  output: EventField,
  errors: ["repository_not_found", "reader_too_slow"],
  examples: [{ title: "From the beginning", input: { since: "0" } }],
  async *run({ repository, since, events }, ctx) {
    const names = namesOf(events);
    if (!(await ctx.repositories.exists(repository))) {
      throw new OperationError("repository_not_found", { repository: repository.relativePath });
    }
    const readable = new ReadableEvents(ctx, [repository], names);
    const selection = { ...numberOf(since), repositories: [repository], signal: ctx.signal };
    for await (const batch of ctx.events.watch(selection)) {
      for (const event of batch) {
        const told = readable.tell(event);
        const delivered = told instanceof Promise ? await told : told;
        if (delivered !== undefined) yield delivered;
      }
    }
  },
});
