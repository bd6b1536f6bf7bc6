import type { DeliveredEvent } from "../../contract/events.ts";
import { Maybe, Type } from "../../contract/fields.ts";
import { OperationError } from "../../domain/errors.ts";
import { ADMIN_EVENTS, REPOSITORY_EVENTS } from "../../domain/event-names.ts";
import { nearest } from "../../domain/nearest.ts";

/** The place of an event in the order of all. */
export const SinceField = Type.String({ pattern: "^[0-9]{1,19}$", description: "Number of the event to go on behind" });

export const SelectionFields = {
  since: Maybe(SinceField),
  admin: Maybe(Type.Boolean({ description: "Events of administration as well; for administrators" })),
};

/** Which events somebody wants to be told of, by their names. */
export const NamesField = Type.Array(Type.String({ maxLength: 100 }), {
  minItems: 1,
  maxItems: 100,
  description: "Only events of these names: push, branch_created, …",
});

/** Names as a set; undefined for all. Throws `invalid_input` for one that no event has. */
export function namesOf(events: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (events === undefined) return undefined;
  const known: ReadonlySet<string> = new Set([...REPOSITORY_EVENTS, ...ADMIN_EVENTS]);
  const unknown = events.find((name) => !known.has(name));
  if (unknown === undefined) return new Set(events);
  const near = nearest(unknown, known);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new OperationError("invalid_input", {
    field: "events",
    problem: `no event is called ${JSON.stringify(unknown)}${hint}`,
  });
}

/** An event as every door tells it. */
export const EventField = Type.Unsafe<DeliveredEvent>(
  Type.Object({
    event_id: Type.String({ description: "Its number, which grows" }),
    event: Type.String({ description: "What happened" }),
    timestamp: Type.String({ description: "When (RFC 3339, UTC)" }),
    data: Type.Unknown({ description: "The facts, by the kind of event" }),
  }),
);

/** The number of an event, from its decimal digits. */
export const numberOf = (since: string | undefined): { since?: bigint } =>
  since === undefined ? {} : { since: BigInt(since) };

/** Throws `invalid_input` for the number of an event that has not been yet. */
export function refuseFuture(since: string | undefined, newest: bigint): void {
  if (since === undefined || BigInt(since) <= newest) return;
  throw new OperationError("invalid_input", { field: "since", problem: `the newest event is ${newest}` });
}
