import type { Context } from "../../contract/context.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import { OperationError } from "../../domain/errors.ts";

/** A repository that is named must be there: its hooks must not wait for somebody who makes one of the same name. */
export async function refuseAbsent({ repositories }: Context, repository: RepositoryRef | undefined): Promise<void> {
  if (repository === undefined || (await repositories.exists(repository))) return;
  throw new OperationError("repository_not_found", { repository: repository.relativePath });
}
