import type { Context, OpenRepository } from "../../contract/context.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import { OperationError } from "../../domain/errors.ts";
import { isZeroOid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { problemOfRepositoryName, repositoryNameOf } from "../../domain/repository-name.ts";
import type { PushRequest } from "../../wire/push-request.ts";

const MAIN = `${REFS_HEADS}main`;

/** Throws `invalid_input` where the path is no name that a person may give to a repository. */
export function refuseUnusableName({ relativePath }: RepositoryRef): void {
  const problem = problemOfRepositoryName(repositoryNameOf(relativePath));
  if (problem !== undefined) throw new OperationError("invalid_input", { field: "repository name", problem });
}

/**
 * Makes the repository that a push is about to fill, where nobody sees it yet. HEAD names `main` where that is pushed, else the first
 * branch that is.
 */
export async function stageForPush(
  ref: RepositoryRef,
  { commands, objectFormat }: PushRequest,
  context: Pick<Context, "stage">,
): Promise<OpenRepository> {
  const branches = commands
    .filter(({ name, newOid }) => name.startsWith(REFS_HEADS) && !isZeroOid(newOid))
    .map(({ name }) => name);
  const head = branches.includes(MAIN) ? MAIN : (branches[0] ?? MAIN);
  return context.stage(ref, { objectFormat, defaultBranch: head.slice(REFS_HEADS.length) });
}
