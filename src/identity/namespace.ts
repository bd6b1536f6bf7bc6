import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { UserRecord } from "../contract/identity.ts";
import type { Accounts } from "./accounts.ts";

/** Whose a path is by its first segment: `alice/myrepo.git` is alice's, if there is an alice. A path of one segment is nobody's. */
export function namespaceOwner(
  accounts: Accounts,
  { relativePath }: RepositoryRef,
): UserRecord | undefined | Promise<UserRecord | undefined> {
  const slash = relativePath.indexOf("/");
  return slash < 0 ? undefined : accounts.byName(relativePath.slice(0, slash));
}
