import { unknownField } from "../../../contract/json-codec.ts";
import { OperationError } from "../../../domain/errors.ts";

/** What a plain `EventSource` asks for. */
export interface SubscriptionQuery {
  /** Full names; none: everything that the caller may read. */
  readonly repos: readonly string[];
  readonly since?: string;
  /** Names of events; absent: all. */
  readonly events?: readonly string[];
  readonly admin?: boolean;
}

const FIELDS: readonly string[] = ["repo", "since", "events", "admin"];
const NUMBER = /^[0-9]{1,19}$/;

/**
 * Reads the query of a subscription, and the header in which a client that comes back says how far it has been told: that goes before
 * `since`, which is still in its address. Throws `invalid_input`.
 */
export function readSubscription(parameters: URLSearchParams, lastEventId: string | null): SubscriptionQuery {
  for (const name of parameters.keys()) if (!FIELDS.includes(name)) throw unknownField(name, name, FIELDS);
  // An address that was put together from a variable without a value would else be told of everything.
  const repos = parameters.getAll("repo");
  if (repos.includes("")) throw invalid("repo", "is empty");
  const events = parameters.getAll("events").flatMap((names) => names.split(","));
  const admin = one(parameters, "admin");
  if (admin !== undefined && admin !== "true" && admin !== "false") throw invalid("admin", "is neither true nor false");
  if (admin === "true" && repos.length > 0) throw invalid("admin", "events of administration are about no repository");
  const since = one(parameters, "since");
  if (since !== undefined && !NUMBER.test(since)) throw invalid("since", "is not the number of an event");
  const last = lastEventId ?? "";
  if (last !== "" && !NUMBER.test(last)) throw invalid("Last-Event-ID", "is not the number of an event");
  const from = last === "" ? since : last;
  return {
    repos: [...new Set(repos)],
    ...(from !== undefined && { since: from }),
    ...(events.length > 0 && { events }),
    ...(admin === "true" && { admin: true }),
  };
}

function one(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw invalid(name, "is given twice");
  return values[0];
}

const invalid = (field: string, problem: string): OperationError =>
  new OperationError("invalid_input", { field, problem });
