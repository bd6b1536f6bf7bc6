import type { EventSelection, PendingEvent } from "../contract/events.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { repositoryNameOf } from "../domain/repository-name.ts";

/** One key for a repository, with and without `.git` at its end. */
export const keyOf = ({ storage, relativePath }: RepositoryRef): string =>
  `${storage}\0${repositoryNameOf(relativePath)}`;

/** Is an event among those that somebody wants? Whether he may be told of it is for the operation to find out. */
export function wants({ repositories, admin }: EventSelection, event: PendingEvent): boolean {
  if (event.repositories.length === 0) return admin === true;
  if (repositories === undefined) return true;
  return event.repositories.some((one) => repositories.some((wanted) => keyOf(wanted) === keyOf(one)));
}
