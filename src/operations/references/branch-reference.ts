import type { Context } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import { problemOfRefName, REFS_HEADS } from "../../domain/reference.ts";

/**
 * The full name of a branch; of the one that HEAD names when none is given, also when it is not born yet. Throws
 * `invalid_reference_name`, and `reference_not_found` where HEAD names no branch.
 */
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
