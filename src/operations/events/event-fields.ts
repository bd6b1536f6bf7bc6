import type { DeliveredEvent } from "../../contract/events.ts";
import { Maybe, Type } from "../../contract/fields.ts";
import { OperationError } from "../../domain/errors.ts";

/** The place of an event in the order of all. */
export const SinceField = Type.String({ pattern: "^[0-9]{1,19}$", description: "Number of the event to go on behind" });

export const SelectionFields = {
  since: Maybe(SinceField),
  admin: Maybe(Type.Boolean({ description: "Events of administration as well; for administrators" })),
};

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
