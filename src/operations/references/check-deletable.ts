import type { Context } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import { REFS_HEADS, type RefName } from "../../domain/reference.ts";

/**
 * Checks that a branch may be deleted, as pushes are checked (git-config(1), `receive.denyDeletes`, `receive.denyDeleteCurrent`).
 * Throws `reference_protected`.
 */
export async function checkDeletable({ repository, pushes }: Context, name: RefName): Promise<void> {
  if (!name.startsWith(REFS_HEADS)) return;
  const { denyDeletes, denyDeleteCurrent } = await repository.receiveConfig();
  if (denyDeletes)
    throw new OperationError("reference_protected", { reference: name, problem: "no branch may be deleted here" });
  if (!denyDeleteCurrent || pushes.allowDefaultBranchDelete) return;
  const { target } = await repository.consistently(() => repository.git.refs.head(repository.view));
  if (target === name)
    throw new OperationError("reference_protected", {
      reference: name,
      problem: "it is the default branch, which may not be deleted",
    });
}
