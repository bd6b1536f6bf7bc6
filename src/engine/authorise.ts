import type { AccessControl } from "../contract/access-control.ts";
import type { AccessRule, Operation } from "../contract/operation.ts";
import type { Principal } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { type AccessLevel, allows } from "../domain/access-level.ts";
import { OperationError } from "../domain/errors.ts";

/** What decides about access; access is identity's, the rest storage's. */
export interface Authority {
  readonly access: AccessControl;
  /** The path by which errors name a repository: links resolved, as for one that is not found. */
  pathOf(repository: RepositoryRef): string;
  /** Is anything at this place? */
  isThere(repository: RepositoryRef): boolean;
  /** Was anything there a moment ago? Cheaper, for where it is looked at again. */
  wasThere(repository: RepositoryRef): boolean;
}

const NEEDED_LEVELS: Readonly<Partial<Record<AccessRule, AccessLevel>>> = {
  read: "read-only",
  write: "read-write",
  admin: "admin-access",
};

/** What a caller must be able to do somewhere. */
const NEEDED_ANYWHERE: Readonly<Partial<Record<AccessRule, AccessLevel>>> = {
  ...NEEDED_LEVELS,
  create: "read-write",
  "admin-of-place": "admin-access",
};

/**
 * Decides access, once for every door; at once where that is known. Throws `repository_not_found` for what the caller may not read,
 * exactly as for what is not there; `forbidden` for what he may see and not do; `unauthenticated` where somebody with an account
 * might.
 */
export function authorise(
  operation: Operation,
  input: unknown,
  principal: Principal,
  authority: Authority,
): void | Promise<void> {
  if (mayDoEverything(principal)) return;
  if (operation.needsCredentials === true && principal.kind === "anonymous")
    throw new OperationError("unauthenticated", {});
  const rule = ruleFor(operation, input);
  const needed = NEEDED_LEVELS[rule];
  if (needed !== undefined) {
    const level = authority.access.levelOf(principal, repositoryOf(input));
    return then(level, (level) => checkLevel(level, needed, operation.name, repositoryOf(input), authority));
  }
  return then(mayDo(operation, rule, input, principal, authority.access), (may) => {
    if (!may) throw refusal(operation, principal);
  });
}

/** Might a caller run an operation on anything at all? */
export function couldEver(
  operation: Operation,
  principal: Principal,
  access: AccessControl,
): boolean | Promise<boolean> {
  if (mayDoEverything(principal)) return true;
  if (operation.needsCredentials === true && principal.kind === "anonymous") return false;
  const needed = NEEDED_ANYWHERE[operation.access];
  if (needed !== undefined) return allows(access.highestLevel(principal), needed);
  return mayDo(operation, operation.access, {}, principal, access);
}

/** Checks that a caller may read a repository. Throws `repository_not_found`. */
export function authoriseReading(
  repository: RepositoryRef,
  principal: Principal,
  authority: Authority,
): void | Promise<void> {
  const level = authority.access.levelOf(principal, repository);
  return then(level, (level) => checkLevel(level, "read-only", "", repository, authority));
}

/** Checks that a caller administers a repository that he may use. Throws `forbidden`. */
export function authoriseAdministration(
  operation: string,
  repository: RepositoryRef,
  principal: Principal,
  authority: Authority,
): void | Promise<void> {
  if (mayDoEverything(principal)) return;
  const level = authority.access.levelOf(principal, repository);
  return then(level, (level) => checkLevel(level, "admin-access", operation, repository, authority));
}

/** May a caller write in a repository that he may read? At once where that is known. */
export const mayWrite = (
  repository: RepositoryRef,
  principal: Principal,
  authority: Authority,
): boolean | Promise<boolean> => hasLevel("read-write", repository, principal, authority);

/** Does a caller administer a repository? At once where that is known. */
export const mayAdminister = (
  repository: RepositoryRef,
  principal: Principal,
  authority: Authority,
): boolean | Promise<boolean> => hasLevel("admin-access", repository, principal, authority);

function hasLevel(
  needed: AccessLevel,
  repository: RepositoryRef,
  principal: Principal,
  { access }: Authority,
): boolean | Promise<boolean> {
  if (mayDoEverything(principal)) return true;
  const level = access.levelOf(principal, repository);
  return level instanceof Promise ? level.then((level) => allows(level, needed)) : allows(level, needed);
}

/** Checks that a caller may make a repository. Throws `repository_not_found`: for him there is none, and there will be none. */
export function authoriseCreation(
  repository: RepositoryRef,
  principal: Principal,
  authority: Authority,
): void | Promise<void> {
  return then(authority.access.mayCreate(principal, repository), (may) => {
    if (!may) throw notFound(repository, authority);
  });
}

/** The holder of the shared secret, and whoever may open the control socket. */
const mayDoEverything = ({ kind }: Principal): boolean => kind === "service" || kind === "control";

function checkLevel(
  level: AccessLevel,
  needed: AccessLevel,
  operation: string,
  repository: RepositoryRef,
  authority: Authority,
): void {
  if (allows(level, needed)) return;
  if (!allows(level, "read-only") || !authority.isThere(repository)) throw notFound(repository, authority);
  throw new OperationError("forbidden", { operation });
}

function ruleFor({ access }: Operation, input: unknown): AccessRule {
  if (access !== "admin-of-place") return access;
  return (input as { repository?: RepositoryRef }).repository === undefined ? "server-admin" : "admin";
}

function mayDo(
  operation: Operation,
  rule: AccessRule,
  input: unknown,
  principal: Principal,
  access: AccessControl,
): boolean | Promise<boolean> {
  switch (rule) {
    case "create":
      return access.mayCreate(principal, repositoryOf(input));
    case "server-read":
      return access.mayReadServer(principal);
    case "server-admin":
      return access.mayAdministerServer(principal);
    case "account":
      return mayUseAccount(operation, (input as { user?: string }).user, principal, access);
    default:
      throw new OperationError("internal", { what: `the rule ${rule} is about a repository` });
  }
}

/** A user may do with his own account what he likes, an administrator with any; a narrowed token must not widen itself. */
function mayUseAccount(
  { kind }: Operation,
  user: string | undefined,
  principal: Principal,
  access: AccessControl,
): boolean | Promise<boolean> {
  if (principal.kind !== "user") return false;
  if (user !== undefined && user !== principal.name) return access.mayAdministerServer(principal);
  return kind === "read" || access.isWhole(principal);
}

function refusal({ name, access }: Operation, { kind }: Principal): OperationError {
  // Making a repository is refused in the words of one that may not be written.
  if (kind === "anonymous" && access !== "create") return new OperationError("unauthenticated", {});
  return new OperationError("forbidden", { operation: name });
}

function notFound(repository: RepositoryRef, authority: Authority): OperationError {
  return new OperationError("repository_not_found", { repository: authority.pathOf(repository) });
}

const repositoryOf = (input: unknown): RepositoryRef => (input as { repository: RepositoryRef }).repository;

function then<T>(value: T | Promise<T>, next: (value: T) => void): void | Promise<void> {
  return value instanceof Promise ? value.then(next) : next(value);
}
