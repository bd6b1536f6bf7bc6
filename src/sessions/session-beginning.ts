import type { OpenRepository } from "../contract/context.ts";
import type { NewSession } from "../contract/sessions.ts";
import { OperationError } from "../domain/errors.ts";
import { isZeroOid, zeroOid } from "../domain/oid.ts";
import { problemOfRefName, REFS_HEADS } from "../domain/reference.ts";

/** The branch that a session publishes to, what that is now, and the commit that it begins at: none in an empty repository. */
export async function beginningOf(repository: OpenRepository, { branch: name, from }: NewSession, id: string) {
  const { git, view } = repository;
  const branch = REFS_HEADS + (name ?? `session/${id}`);
  const problem = problemOfRefName(branch);
  if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [branch], problem });
  const zero = zeroOid(repository.objectFormat);
  return await repository.consistently(async () => {
    const baseOid = (await git.refs.read(view, branch))?.oid ?? zero;
    if (from !== undefined) {
      const start = await git.objects.resolve(view, from, "commit");
      if (start === undefined) throw new OperationError("revision_not_found", { revision: from });
      return { branch, baseOid, start };
    }
    const start = isZeroOid(baseOid) ? (await git.refs.head(view)).oid : baseOid;
    return { branch, baseOid, start };
  });
}
