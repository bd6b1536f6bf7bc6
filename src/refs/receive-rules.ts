import { join } from "node:path";
import { OperationError } from "../domain/errors.ts";
import { isZeroOid } from "../domain/oid.ts";
import { REFS_HEADS, type RefName } from "../domain/reference.ts";
import { readReceiveConfig } from "../storage/repository-config.ts";
import type { HookChange } from "./hooks.ts";
import { isFastForward, type RefPolicyRequest } from "./ref-policy.ts";

/**
 * Does the repository's configuration bind changes of this caller as it binds pushes (git-config(1), `receive.*`)? The Gitaly protocol's do not
 * heed it, as Gitaly's do not.
 */
export const heedsReceiveConfig = ({ caller }: Pick<RefPolicyRequest, "caller">): boolean => caller.door !== "gitaly";

/** Is anything of this kind denied in a repository? */
export function deniesChanges(gitDir: string): boolean {
  const { denyDeletes, denyNonFastForwards } = readReceiveConfig(join(gitDir, "config"));
  return denyDeletes || denyNonFastForwards;
}

/** Those of the changes that the repository's configuration would not let a push make, each with the reason. */
export async function deniedChanges(
  request: Pick<RefPolicyRequest, "git" | "view">,
  changes: readonly HookChange[],
): Promise<ReadonlyMap<RefName, OperationError>> {
  const { denyDeletes, denyNonFastForwards } = readReceiveConfig(join(request.view.gitDir, "config"));
  const denied = new Map<RefName, OperationError>();
  for (const change of changes) {
    const { name: reference, oldOid, newOid } = change;
    if (!reference.startsWith(REFS_HEADS)) continue;
    if (denyDeletes && isZeroOid(newOid) && !isZeroOid(oldOid))
      denied.set(reference, protectedBy(reference, "no branch may be deleted here"));
    else if (denyNonFastForwards && !(await isFastForward(request, change)))
      denied.set(reference, protectedBy(reference, "branches may only be fast-forwarded here"));
  }
  return denied;
}

const protectedBy = (reference: RefName, problem: string) =>
  new OperationError("reference_protected", { reference, problem });
