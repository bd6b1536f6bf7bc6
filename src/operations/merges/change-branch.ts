import type { Context, Quarantine } from "../../contract/context.ts";
import { ByteStringField, ExpectedOldField, Maybe } from "../../contract/fields.ts";
import { OperationError } from "../../domain/errors.ts";
import { isFullOid, type Oid } from "../../domain/oid.ts";
import type { Reason } from "../../domain/reasons.ts";
import { onBranch } from "../commits/on-branch.ts";
import { branchReference } from "../references/branch-reference.ts";

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
  return onBranch(ctx, reference, expectedOid, async () => {
    const found = await findTip(ctx, reference, expectedOid);
    const quarantine = await ctx.repository.quarantine();
    const made = await make(found, quarantine);
    if (made.newOid !== found.tip) {
      const change = { name: reference, newOid: made.newOid, expectedOid: found.tip };
      await ctx.repository.updateRefs({ changes: [change], quarantine, hooks: "receive" });
    }
    return { ...found, ...made };
  });
}
