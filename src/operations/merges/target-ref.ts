import type { OpenRepository, Quarantine } from "../../contract/context.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { type Oid, zeroOid } from "../../domain/oid.ts";
import { type RefChange, type RefName, isFullRefName, problemOfRefName } from "../../domain/reference.ts";
import { checkExpectedOid } from "../references/expected-oid.ts";

export interface Sides {
  readonly source: Oid;
  readonly firstParent: Oid;
  /** What the target reference must still point to when it is moved. */
  readonly targetOid: Oid;
}

/**
 * Resolves what a merge or rebase into a reference works on. Throws `revision_not_found` with field `source` or `firstParent`,
 * `invalid_reference_name` and `reference_is_symbolic` for the target.
 */
export async function resolveSides(
  repository: OpenRepository,
  input: { source: ByteString; firstParent: ByteString; targetRef: RefName; expectedOid?: Oid },
): Promise<Sides> {
  const { git, view } = repository;
  if (!isFullRefName(input.targetRef)) {
    const problem = problemOfRefName(input.targetRef) ?? "is not below refs/";
    throw new OperationError("invalid_reference_name", { references: [input.targetRef], problem });
  }
  const expectedOid = await checkExpectedOid(repository, input.expectedOid);
  const [firstParent, source, target] = await repository.consistently(async () => [
    await git.objects.resolve(view, input.firstParent, "commit"),
    await git.objects.resolve(view, input.source, "commit"),
    await git.refs.read(view, input.targetRef),
  ]);
  if (firstParent === undefined) {
    throw new OperationError("revision_not_found", { revision: input.firstParent, field: "firstParent" });
  }
  if (source === undefined) throw new OperationError("revision_not_found", { revision: input.source, field: "source" });
  if (target?.symbolicTarget !== undefined)
    throw new OperationError("reference_is_symbolic", { reference: input.targetRef });
  return { source, firstParent, targetOid: expectedOid ?? target?.oid ?? zeroOid(repository.objectFormat) };
}

/** Points the target at the result, through the door but past the receive hooks. */
export async function updateTarget(
  repository: OpenRepository,
  change: RefChange,
  quarantine: Quarantine,
): Promise<void> {
  await repository.updateRefs({ changes: [change], quarantine, hooks: "none", deref: false });
}
