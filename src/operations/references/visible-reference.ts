import type { Context } from "../../contract/context.ts";
import type { Reason } from "../../domain/reasons.ts";
import { OperationError } from "../../domain/errors.ts";
import { isHiddenFromFetches, isRefusedToPushes } from "../../domain/hidden-refs.ts";
import { isFullRefName, problemOfRefName, type Reference, type RefName } from "../../domain/reference.ts";

/** What every operation may fail with that changes a reference by its name. */
export const REFERENCE_CHANGE_ERRORS: readonly Reason[] = [
  "invalid_reference_name",
  "invalid_object_id",
  "reference_not_found",
  "revision_not_found",
  "not_a_commit",
  "reference_mismatch",
  "reference_name_conflict",
  "references_locked",
  "reference_protected",
  "hook_rejected",
];

/** The reference, as somebody sees it who fetches. Throws `reference_not_found` also for one that fetches do not show. */
export async function visibleReference({ repository }: Pick<Context, "repository">, name: RefName): Promise<Reference> {
  const { git, view } = repository;
  checkName(name);
  const reference = isHiddenFromFetches(name)
    ? undefined
    : await repository.consistently(() => git.refs.read(view, name));
  if (reference === undefined) throw new OperationError("reference_not_found", { reference: name });
  return reference;
}

/** Throws `invalid_reference_name` for a name that is no full one below `refs/`, `reference_protected` for one that pushes may not touch. */
export function checkChangeable(name: RefName): void {
  checkName(name);
  if (isRefusedToPushes(name))
    throw new OperationError("reference_protected", { reference: name, problem: "belongs to the server" });
}

function checkName(name: RefName): void {
  if (isFullRefName(name)) return;
  const problem = problemOfRefName(name) ?? "is not below refs/";
  throw new OperationError("invalid_reference_name", { references: [name], problem });
}
