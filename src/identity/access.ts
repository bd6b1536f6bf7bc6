import type { AccessControl } from "../contract/access-control.ts";
import type { ServerSettings, UserRecord } from "../contract/identity.ts";
import type { Principal, TokenScope } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Database } from "../database/database.ts";
import { type AccessLevel, allows, higherLevel } from "../domain/access-level.ts";
import { repositoryNameOf } from "../domain/repository-name.ts";
import { compileWildmatch, type Matcher } from "../domain/wildmatch.ts";
import type { Accounts } from "./accounts.ts";
import { namespaceOwner } from "./namespace.ts";
import {
  type CanonicalRef,
  levelOf,
  type Places,
  type RepositoryFacts,
  type RepositoryFactsStore,
} from "./repository-facts.ts";

export interface AccessServices {
  readonly accounts: Accounts;
  readonly database: Database;
  readonly facts: RepositoryFactsStore;
  readonly places: Places;
  readonly settings: { current(): ServerSettings };
}

/** What of a repository decides about access. */
type Deciding = Pick<RepositoryFacts, "ownerId" | "isPrivate"> & {
  readonly collaborators: { get(userId: number): AccessLevel | undefined };
};

type MaybePromise<T> = T | Promise<T>;

/** How many paths one query asks for. */
const PATHS_MAX = 500;

/**
 * Who may do what. The order of decision: administrator; owner; collaborator; private repositories are closed; public ones are open as
 * far as callers without credentials may go, and for users at least to be read. What a token narrows comes last.
 */
export class Access implements AccessControl {
  readonly #services: AccessServices;
  readonly #patterns = new WeakMap<readonly string[], readonly Matcher[]>();

  constructor(services: AccessServices) {
    this.#services = services;
  }

  levelOf(principal: Principal, repository: RepositoryRef): MaybePromise<AccessLevel> {
    if (isMachine(principal)) return "admin-access";
    const ref = this.#services.places.canonical(repository);
    const user = this.#user(principal);
    const facts = this.#services.facts.get(ref);
    if (user instanceof Promise || facts instanceof Promise)
      return Promise.all([user, facts]).then(([user, facts]) => this.#levelAt(principal, user, facts, ref));
    return this.#levelAt(principal, user, facts, ref);
  }

  highestLevel(principal: Principal): AccessLevel {
    if (isMachine(principal)) return "admin-access";
    if (principal.kind === "anonymous") return this.#services.settings.current().anonAccess;
    return principal.token?.access === "read" ? "read-only" : "admin-access";
  }

  mayCreate(principal: Principal, repository: RepositoryRef): MaybePromise<boolean> {
    if (isMachine(principal)) return true;
    const ref = this.#services.places.canonical(repository);
    const user = this.#user(principal);
    const owner = namespaceOwner(this.#services.accounts, ref);
    if (user instanceof Promise || owner instanceof Promise)
      return Promise.all([user, owner]).then(([user, owner]) => this.#decideCreation(principal, user, owner, ref));
    return this.#decideCreation(principal, user, owner, ref);
  }

  async readable<R extends RepositoryRef>(principal: Principal, repositories: readonly R[]): Promise<R[]> {
    if (isMachine(principal)) return [...repositories];
    const user = await this.#user(principal);
    const found: R[] = [];
    for (let at = 0; at < repositories.length; at += PATHS_MAX) {
      const some = repositories.slice(at, at + PATHS_MAX);
      const refs = some.map((each) => this.#services.places.canonical(each));
      const deciding = await this.#deciding(user, refs);
      const isReadable = (_: R, index: number) => {
        const ref = refs[index]!;
        return allows(this.#decide(principal, user, deciding(ref), ref), "read-only");
      };
      found.push(...some.filter(isReadable));
    }
    return found;
  }

  mayReadServer(principal: Principal): boolean {
    return principal.kind !== "anonymous" || allows(this.#services.settings.current().anonAccess, "read-only");
  }

  isWhole({ token }: Principal): boolean {
    return (
      token === undefined || (token.access === "write" && token.repositories === undefined && token.refs === undefined)
    );
  }

  mayAdministerServer(principal: Principal): MaybePromise<boolean> {
    if (isMachine(principal)) return true;
    if (!this.isWhole(principal)) return false;
    const user = this.#user(principal);
    return user instanceof Promise ? user.then((user) => user?.isAdmin === true) : user?.isAdmin === true;
  }

  /** The account as it is now: an open connection does not keep rights that were taken away. */
  #user(principal: Principal): MaybePromise<UserRecord | undefined> {
    return principal.user && this.#services.accounts.byId(principal.user.id);
  }

  /** The level, and where nothing is: who may make nothing there hears so as of a private repository, at the first question. */
  #levelAt(
    principal: Principal,
    user: UserRecord | undefined,
    facts: Deciding | undefined,
    ref: CanonicalRef,
  ): MaybePromise<AccessLevel> {
    const level = this.#decide(principal, user, facts, ref);
    if (facts !== undefined || !allows(level, "read-write") || this.#services.places.isThere(ref)) return level;
    const owner = namespaceOwner(this.#services.accounts, ref);
    const unlessClosed = (owner: UserRecord | undefined): AccessLevel =>
      this.#decideCreation(principal, user, owner, ref) ? level : "read-only";
    return owner instanceof Promise ? owner.then(unlessClosed) : unlessClosed(owner);
  }

  #decide(
    principal: Principal,
    user: UserRecord | undefined,
    facts: Deciding | undefined,
    ref: CanonicalRef,
  ): AccessLevel {
    const { anonAccess } = this.#services.settings.current();
    if (principal.kind === "anonymous") return facts?.isPrivate === true ? "no-access" : anonAccess;
    // The account has been deleted.
    if (user === undefined) return "no-access";
    return this.#narrow(principal.token, this.#levelOfUser(user, facts, ref, anonAccess), ref);
  }

  #levelOfUser(user: UserRecord, facts: Deciding | undefined, ref: CanonicalRef, anonAccess: AccessLevel): AccessLevel {
    if (user.isAdmin || facts?.ownerId === user.id) return "admin-access";
    const level = facts?.collaborators.get(user.id);
    if (level !== undefined) return higherLevel(level, anonAccess);
    if (facts?.isPrivate === true) return "no-access";
    if (facts === undefined && !this.#services.places.isThere(ref)) return higherLevel(anonAccess, "read-write");
    return higherLevel(anonAccess, "read-only");
  }

  #narrow(token: TokenScope | undefined, level: AccessLevel, ref: CanonicalRef): AccessLevel {
    if (token === undefined) return level;
    if (!this.#covers(token, ref)) return "no-access";
    if (token.access === "read") return lowerLevel(level, "read-only");
    // Whoever administers a repository can take its references away with it.
    return token.refs === undefined ? level : lowerLevel(level, "read-write");
  }

  #decideCreation(
    principal: Principal,
    user: UserRecord | undefined,
    owner: UserRecord | undefined,
    ref: CanonicalRef,
  ): boolean {
    if (principal.kind === "anonymous")
      return owner === undefined && allows(this.#services.settings.current().anonAccess, "read-write");
    if (user === undefined) return false;
    const { token } = principal;
    if (token !== undefined && (token.access === "read" || token.refs !== undefined || !this.#covers(token, ref)))
      return false;
    return user.isAdmin || owner === undefined || owner.id === user.id;
  }

  /** Is the repository one of those that a token is for? */
  #covers({ repositories }: TokenScope, { relativePath }: CanonicalRef): boolean {
    if (repositories === undefined) return true;
    let matchers = this.#patterns.get(repositories);
    if (matchers === undefined) {
      matchers = repositories.map((pattern) => compileWildmatch(pattern, { pathname: true }));
      this.#patterns.set(repositories, matchers);
    }
    const name = repositoryNameOf(relativePath);
    return matchers.some((matches) => matches(name));
  }

  /** What decides about many repositories, without a query for each. */
  async #deciding(
    user: UserRecord | undefined,
    refs: readonly CanonicalRef[],
  ): Promise<(ref: CanonicalRef) => Deciding | undefined> {
    const paths = [...new Set(refs.map(({ relativePath }) => relativePath))];
    const rows = await this.#services.database.run((db) =>
      db
        .selectFrom("repositories")
        .leftJoin("collaborators", (join) =>
          join.onRef("repository_id", "=", "repositories.id").on("user_id", "=", user?.id ?? -1),
        )
        .select(["storage", "relative_path", "owner_id", "is_private", "level"])
        .where("relative_path", "in", paths)
        .execute(),
    );
    const found = new Map(rows.map((row) => [`${row.storage}\0${row.relative_path}`, row]));
    return ({ storage, relativePath }) => {
      const row = found.get(`${storage}\0${relativePath}`);
      if (row === undefined) return undefined;
      const level = row.level === null ? undefined : levelOf(row.level);
      return {
        ownerId: row.owner_id ?? undefined,
        isPrivate: row.is_private === 1,
        collaborators: { get: () => level },
      };
    };
  }
}

/** The holder of the shared secret, and whoever may open the control socket, may do everything. */
const isMachine = ({ kind }: Principal): boolean => kind === "service" || kind === "control";

const lowerLevel = (a: AccessLevel, b: AccessLevel): AccessLevel => (allows(a, b) ? b : a);
