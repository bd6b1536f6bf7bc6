import type { AccessLevel } from "../domain/access-level.ts";
import type { RefName } from "../domain/reference.ts";
import type { AccessControl } from "./access-control.ts";
import type { Principal, TokenScope } from "./principal.ts";
import type { RepositoryRef } from "./repository-ref.ts";

/** Somebody with an account. Times are milliseconds since 1970. */
export interface UserRecord {
  readonly id: number;
  readonly name: string;
  readonly isAdmin: boolean;
  readonly displayName: string;
  readonly email: string;
  readonly createdAtMs: number;
}

/** Accounts. Names are unique; every function that takes one throws `user_not_found` for a name that nobody has. */
export interface Users {
  /** Throws `user_exists`, and `invalid_input` for what can be no name. */
  create(user: { name: string; isAdmin: boolean; displayName?: string; email?: string }): Promise<UserRecord>;
  /** All of them, sorted by name, in batches. */
  list(): AsyncIterable<UserRecord[]>;
  find(name: string): Promise<UserRecord>;
  /** Removes an account with its keys, its tokens and its place among collaborators; its repositories stay, without an owner. */
  remove(name: string): Promise<void>;
  setAdmin(name: string, isAdmin: boolean): Promise<void>;
  /** Gives an account another name. Repositories keep their paths and their owner. */
  rename(name: string, newName: string): Promise<void>;
}

/** A public key that opens SSH for its user. */
export interface SshKeyRecord {
  readonly id: number;
  readonly user: string;
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** `SHA256:` and base64 without padding, as ssh-keygen prints it. */
  readonly fingerprint: string;
  /** The key as a line of authorized_keys(5), with its comment. */
  readonly line: string;
  readonly comment: string;
  readonly createdAtMs: number;
}

export interface SshKeys {
  /** Registers a line of authorized_keys(5). Throws `invalid_input`, `key_exists`. */
  add(user: string, line: string): Promise<SshKeyRecord>;
  list(user: string): Promise<SshKeyRecord[]>;
  /** Whose key has a fingerprint; undefined: nobody's. */
  userOf(fingerprint: string): Promise<UserRecord | undefined>;
  /** Takes a fingerprint, a key's id, or the line that was added. Throws `key_not_found`. */
  remove(user: string, key: string): Promise<SshKeyRecord>;
}

/** An access token, without its secret, which nobody keeps. */
export interface TokenRecord extends Omit<TokenScope, "id"> {
  readonly id: number;
  readonly user: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** To the minute or so. */
  readonly lastUsedAtMs?: number;
}

export interface NewToken extends Omit<TokenScope, "id"> {
  readonly name: string;
}

export interface Tokens {
  /** Makes a token; its secret is told this once. Throws `invalid_input`. */
  create(user: string, token: NewToken): Promise<{ readonly token: TokenRecord; readonly secret: string }>;
  list(user: string): Promise<TokenRecord[]>;
  /** Takes an id, or a name that only one of the user's tokens has. Throws `token_not_found`. */
  revoke(user: string, token: string): Promise<TokenRecord>;
}

/** What is known of a repository besides what lies in it. */
export interface RepositoryRecord {
  /** Name of the user whose it is. */
  readonly owner?: string;
  readonly private: boolean;
  readonly description: string;
}

export interface Collaborator {
  readonly user: string;
  readonly level: AccessLevel;
}

/** Who asks for a repository, and what it shall be. */
export interface NewRepositoryRecord {
  readonly principal: Principal;
  readonly private?: boolean | undefined;
  readonly description?: string | undefined;
}

/**
 * Records of repositories, in step with the disk: nothing private is public for a moment, whenever the process dies. A repository
 * without a record is public and nobody's.
 */
export interface RepositoryRecords {
  find(repository: RepositoryRef): Promise<RepositoryRecord>;
  /** Writes the record, then makes the repository; takes the record back when that fails. Throws `repository_exists`, `invalid_input`. */
  create<T>(repository: RepositoryRef, record: NewRepositoryRecord, make: () => Promise<T>): Promise<T>;
  /** Removes the repository, then its record. */
  remove(repository: RepositoryRef, remove: () => Promise<void>): Promise<void>;
  /** Moves the repository and all that is known of it. */
  rename(
    repository: RepositoryRef,
    target: RepositoryRef,
    principal: Principal,
    move: () => Promise<void>,
  ): Promise<void>;
  setPrivate(repository: RepositoryRef, isPrivate: boolean): Promise<void>;
  setDescription(repository: RepositoryRef, description: string): Promise<void>;
  collaborators(repository: RepositoryRef): Promise<Collaborator[]>;
  /** Adds a collaborator or gives him another level. Throws `user_not_found`. */
  setCollaborator(repository: RepositoryRef, user: string, level: AccessLevel): Promise<void>;
  /** Throws `collaborator_not_found`. */
  removeCollaborator(repository: RepositoryRef, user: string): Promise<void>;
}

/** A rule on the references of a repository whose names fit its pattern. */
export interface ProtectionRecord {
  /** As git-for-each-ref(1) takes them: a full name, a directory of names, or a glob. */
  readonly pattern: RefName;
  /** Only fast-forwards. */
  readonly noForce: boolean;
  readonly noDelete: boolean;
  /** Only these users may change anything; absent: whoever may write. */
  readonly users?: readonly string[];
  /** Does it bind the holder of the Gitaly protocol's secret as well? */
  readonly appliesToService: boolean;
}

export interface Protections {
  /** At once where they are in memory. */
  list(repository: RepositoryRef): readonly ProtectionRecord[] | Promise<readonly ProtectionRecord[]>;
  /** Adds a rule, or replaces the one with the same pattern. Throws `invalid_input`. */
  set(repository: RepositoryRef, protection: ProtectionRecord): Promise<void>;
  /** Throws `protection_not_found`. */
  unset(repository: RepositoryRef, pattern: RefName): Promise<void>;
}

/** Settings of the server that can be changed while it runs. */
export interface ServerSettings {
  readonly anonAccess: AccessLevel;
  readonly allowKeyless: boolean;
}

export interface ServerSettingsControl {
  current(): ServerSettings;
  /** Which of them the configuration decides, so that they cannot be changed. */
  configured(): readonly (keyof ServerSettings)[];
  /** Throws `setting_configured`. */
  change(settings: Partial<ServerSettings>): Promise<void>;
}

/** Users and what belongs to them. Implemented by identity, bound in main.ts. */
export interface Identity {
  readonly access: AccessControl;
  readonly users: Users;
  readonly keys: SshKeys;
  readonly tokens: Tokens;
  readonly repositories: RepositoryRecords;
  readonly protections: Protections;
  readonly settings: ServerSettingsControl;
}
