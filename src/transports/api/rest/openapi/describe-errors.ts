import type { Operation } from "../../../../contract/operation.ts";
import { REASONS, type Reason } from "../../../../domain/reasons.ts";
import { isPaged } from "../../derived/list-page.ts";
import { happensOnce, type RestRoute, takesBody } from "../rest-route.ts";

/** Reasons that every request may fail with. */
const SHARED: readonly Reason[] = [
  "malformed_request",
  "invalid_input",
  "unauthenticated",
  "host_not_allowed",
  "origin_not_allowed",
  "limit_exceeded",
  "internal",
  "git_failed",
  "object_corrupt",
  "database_unavailable",
  "shutting_down",
  "deadline_exceeded",
];
const OF_REPOSITORIES: readonly Reason[] = [
  "repository_not_found",
  "repository_invalid",
  "storage_missing",
  "storage_unusable",
  "disk_full",
  "unsupported",
];
const OF_BODIES: readonly Reason[] = ["media_type_unsupported", "too_large"];
const OF_WRITES: readonly Reason[] = ["idempotency_key_reused", "idempotency_outcome_unknown"];
const OF_CHANGES: readonly Reason[] = ["references_locked", "hook_rejected", "reference_protected", "disk_full"];

/** Every reason that a request to a route may fail with, by its status. */
export function reasonsOf({ operation, route }: Pick<RestRoute, "operation" | "route">): Map<number, Reason[]> {
  const reasons = new Set<Reason>([...SHARED, ...operation.errors]);
  const add = (more: readonly Reason[]) => {
    for (const reason of more) reasons.add(reason);
  };
  if (operation.access !== "server-read") add(["forbidden"]);
  if (operation.target !== "none" || hasRepository(operation)) add(OF_REPOSITORIES);
  if (takesBody(route)) add(OF_BODIES);
  if (isPaged({ operation, route })) add(["page_token_not_found"]);
  if (operation.kind === "read") add(["precondition_failed"]);
  else add(OF_CHANGES);
  if (happensOnce(operation)) add(OF_WRITES);
  // What the client has made a condition of the request is a precondition.
  const conditions = route.ifMatch === undefined ? [] : CONFLICTS.filter((reason) => reasons.has(reason));
  return byStatus([...reasons], conditions);
}

const CONFLICTS = ["reference_mismatch", "file_mismatch"] as const;

function byStatus(reasons: readonly Reason[], preconditions: readonly Reason[] = []): Map<number, Reason[]> {
  const found = new Map<number, Reason[]>();
  const put = (status: number, reason: Reason) => found.set(status, [...(found.get(status) ?? []), reason]);
  for (const reason of [...reasons].sort()) {
    put(REASONS[reason].httpStatus, reason);
    if (preconditions.includes(reason)) put(412, reason);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

const hasRepository = ({ input }: Operation): boolean =>
  (input["properties"] as Record<string, unknown>)["repository"] !== undefined;

/** The answers of all errors, by status; what is the same everywhere is described once. */
export function errorAnswers(prepared: Pick<RestRoute, "operation" | "route">): Record<string, unknown> {
  const answers: Record<string, unknown> = {};
  for (const [status, reasons] of reasonsOf(prepared)) {
    const shared = SHARED_BY_STATUS.get(status);
    answers[status] =
      shared?.join() === reasons.join()
        ? { $ref: `#/components/responses/${nameOf(status)}` }
        : errorAnswer(status, reasons);
  }
  answers[431] = { $ref: "#/components/responses/Error431" };
  return answers;
}

/** Answers that are the same for every route. */
export const sharedAnswers = (): Record<string, unknown> => ({
  ...Object.fromEntries(
    [...SHARED_BY_STATUS].map(([status, reasons]) => [nameOf(status), errorAnswer(status, reasons)]),
  ),
  Error431: { description: "Address and headers are too long to be read: there is no more to this answer" },
});

const nameOf = (status: number): string => `Error${status}`;

const SHARED_BY_STATUS: ReadonlyMap<number, readonly Reason[]> = byStatus(SHARED);

function errorAnswer(status: number, reasons: readonly Reason[]): object {
  const facts = reasons.map((reason) => `${REASONS[reason].message} (\`${reason}\`)`);
  return {
    description: facts.join("; "),
    ...(status === 401 && { headers: { "WWW-Authenticate": { $ref: "#/components/headers/WWW-Authenticate" } } }),
    ...([409, 429, 503].includes(status) && {
      headers: { "Retry-After": { $ref: "#/components/headers/Retry-After" } },
    }),
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/Error", properties: { reason: { enum: reasons } } },
      },
    },
  };
}
