import type { PendingEvent } from "../contract/events.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";

/** Where a repository has gone, for what goes with it: `to` is absent where it is deleted. Undefined for any other event. */
export function moveOfEvent({
  name,
  repositories: [from, to],
}: PendingEvent): { readonly from: RepositoryRef; readonly to?: RepositoryRef | undefined } | undefined {
  if (from === undefined) return undefined;
  if (name === "repository_renamed") return { from, to };
  return name === "repository_deleted" ? { from } : undefined;
}
