import type { Context, Quarantine } from "../../contract/context.ts";
import { ByteStringField, ExpectedOldField, Maybe } from "../../contract/fields.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import { isFullOid, type Oid } from "../../domain/oid.ts";
import type { Reason } from "../../domain/reasons.ts";
import { problemOfRefName, REFS_HEADS } from "../../domain/reference.ts";
import { inTurn } from "../commits/branch-turn.ts";

/** A branch that moves meanwhile is read again so often; each time somebody else has got on. */
const ATTEMPTS_MAX = 32;

/** Which branch shall move, and from where. */
export const branchFields = {
  branch: Maybe(ByteStringField("Branch that moves; the default branch when absent")),
  expectedOid: Maybe(ExpectedOldField("What the branch points to now")),
};

/** What every operation may fail with that makes commits on an existing branch. */
export const BRANCH_ERRORS: readonly Reason[] = [
  "invalid_reference_name",
  "invalid_object_id",
  "invalid_identity",
  "reference_not_found",
  "revision_not_found",
  "reference_mismatch",
  "references_locked",
  "reference_protected",
  "hook_rejected",
];

/** The branch that was asked for, by its full name; the default branch when none was. */
export async function branchReference({ repository }: Pick<Context, "repository">, branch?: string): Promise<string> {
  if (branch === undefined) {
    const { target } = await repository.git.refs.head(repository.view);
    if (target?.startsWith(REFS_HEADS) === true) return target;
    throw new OperationError("reference_not_found", { reference: "HEAD" });
  }
  const reference = REFS_HEADS + branch;
  const problem = problemOfRefName(reference);
  if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [reference], problem });
  return reference;
}

/** A branch as it was found. */
export interface FoundBranch {
  readonly reference: string;
  readonly tip: Oid;
}

/** Reads the branch. Throws `reference_not_found`, and `reference_mismatch` when it is not what was expected. */
export async function findTip(
  { repository }: Pick<Context, "repository">,
  reference: string,
  expectedOid: Oid | undefined,
): Promise<FoundBranch> {
  if (expectedOid !== undefined && !isFullOid(expectedOid))
    throw new OperationError("invalid_object_id", { value: expectedOid, field: "expectedOid" });
  const found = await repository.consistently(() => repository.git.refs.read(repository.view, reference));
  if (found === undefined) throw new OperationError("reference_not_found", { reference });
  if (expectedOid !== undefined && expectedOid !== found.oid)
    throw new OperationError("reference_mismatch", { reference, expected: expectedOid, actual: found.oid });
  return { reference, tip: found.oid };
}

/**
 * Moves a branch to what `make` makes of its tip. Where it moves meanwhile that is made again of what it is then, unless the caller has said
 * what he expects.
 */
export async function changeBranch<T extends { readonly newOid: Oid }>(
  ctx: Context,
  { branch, expectedOid }: { readonly branch?: string; readonly expectedOid?: Oid },
  make: (found: FoundBranch, quarantine: Quarantine) => Promise<T>,
): Promise<T & FoundBranch> {
  const reference = await branchReference(ctx, branch);
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTurn(ctx.repository, reference, ctx.signal, async () => {
        const found = await findTip(ctx, reference, expectedOid);
        const quarantine = await ctx.repository.quarantine();
        const made = await make(found, quarantine);
        if (made.newOid !== found.tip) {
          const change = { name: reference, newOid: made.newOid, expectedOid: found.tip };
          await ctx.repository.updateRefs({ changes: [change], quarantine, hooks: "receive" });
        }
        return { ...found, ...made };
      });
    } catch (error) {
      const moved = hasReason(error, "reference_mismatch") && error.details.reference === reference;
      if (!moved || expectedOid !== undefined || attempt === ATTEMPTS_MAX || ctx.signal.aborted) throw error;
    }
  }
}
