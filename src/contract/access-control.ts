import type { AccessLevel } from "../domain/access-level.ts";
import type { Principal } from "./principal.ts";
import type { RepositoryRef } from "./repository-ref.ts";

/**
 * What callers may do with repositories. Implemented by identity, bound in main.ts. Answers at once where everything is in memory,
 * as it is but for the first call on a repository or for a user.
 */
export interface AccessControl {
  /** What a caller may do with a repository, present or not; any spelling of its path will do. */
  levelOf(principal: Principal, repository: RepositoryRef): AccessLevel | Promise<AccessLevel>;
  /** The most that the caller may do with any repository, as far as his credential alone tells. */
  highestLevel(principal: Principal): AccessLevel;
  /** May the caller make a repository of this name, if there is none yet? */
  mayCreate(principal: Principal, repository: RepositoryRef): boolean | Promise<boolean>;
  /** Those of the repositories that the caller may read, in their order: one look at the database for all of them. */
  readable<R extends RepositoryRef>(principal: Principal, repositories: readonly R[]): Promise<R[]>;
  /** May the caller see what is not about one repository, such as which repositories there are? */
  mayReadServer(principal: Principal): boolean;
  /** Is the caller's credential good for all that its user may do? */
  isWhole(principal: Principal): boolean;
  /** May the caller administer the server? His token must not be narrowed. */
  mayAdministerServer(principal: Principal): boolean | Promise<boolean>;
}
