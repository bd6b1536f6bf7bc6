import type { ColumnType, Generated } from "kysely";

/**
 * The tables, for both databases. Times are milliseconds since 1970, truth values 0 and 1, ids below 2^53, lists JSON text: what
 * both databases give back as the same JavaScript value.
 */
export interface Schema {
  users: UsersTable;
  ssh_keys: SshKeysTable;
  tokens: TokensTable;
  repositories: RepositoriesTable;
  collaborators: CollaboratorsTable;
  protections: ProtectionsTable;
  settings: SettingsTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhook_cursor: WebhookCursorTable;
  sessions: SessionsTable;
  mirrors: MirrorsTable;
  mirror_cursor: MirrorCursorTable;
  idempotency_keys: IdempotencyKeysTable;
  clones: ClonesTable;
}

/** 0 or 1. */
export type Flag = number;
/** A column that is written once. */
type Fixed<T> = ColumnType<T, T, never>;

export interface UsersTable {
  id: Generated<number>;
  name: string;
  is_admin: Flag;
  display_name: string;
  email: string;
  created_at_ms: Fixed<number>;
}

export interface SshKeysTable {
  id: Generated<number>;
  user_id: Fixed<number>;
  fingerprint: Fixed<string>;
  type: Fixed<string>;
  /** The key as it goes over the wire (RFC 4253, 6.6), in base64. */
  blob: Fixed<string>;
  comment: Fixed<string>;
  created_at_ms: Fixed<number>;
}

export interface TokensTable {
  id: Generated<number>;
  user_id: Fixed<number>;
  name: Fixed<string>;
  /** SHA-256 of the secret, in hexadecimal. */
  hash: Fixed<string>;
  access: Fixed<string>;
  /** Patterns as a JSON array; null: all. */
  repositories: Fixed<string | null>;
  refs: Fixed<string | null>;
  created_at_ms: Fixed<number>;
  expires_at_ms: Fixed<number | null>;
  last_used_at_ms: number | null;
}

export interface RepositoriesTable {
  id: Generated<number>;
  storage: string;
  /** The path below the storage, links resolved. */
  relative_path: string;
  owner_id: number | null;
  is_private: Flag;
  description: string;
  created_at_ms: Fixed<number>;
}

export interface CollaboratorsTable {
  repository_id: Fixed<number>;
  user_id: Fixed<number>;
  level: string;
}

export interface ProtectionsTable {
  repository_id: Fixed<number>;
  /** A byte string, in hexadecimal: names of references need not be text. */
  pattern: Fixed<string>;
  no_force: Flag;
  no_delete: Flag;
  /** Names as a JSON array; null: everybody. */
  users: string | null;
  applies_to_service: Flag;
}

export interface SettingsTable {
  name: string;
  value: string;
}

export interface WebhooksTable {
  id: Generated<number>;
  /** Of the repository's path, both; null: the hook is for the whole server. */
  storage: string | null;
  relative_path: string | null;
  url: string;
  /** Signatures need the secret itself. */
  secret: string;
  /** Names as a JSON array. */
  events: string;
  is_active: Flag;
  /** Number of the event behind which the hook began to listen. */
  since: Fixed<number>;
  created_at_ms: Fixed<number>;
}

export interface WebhookDeliveriesTable {
  id: Generated<number>;
  webhook_id: Fixed<number>;
  event_id: Fixed<number>;
  event: Fixed<string>;
  body: Fixed<string>;
  state: string;
  attempts: number;
  next_attempt_at_ms: number | null;
  status: number | null;
  response: string | null;
  error: string | null;
  created_at_ms: Fixed<number>;
}

/** One row: how far the events have been taken in. */
export interface WebhookCursorTable {
  id: number;
  event_id: number;
}

export interface IdempotencyKeysTable {
  /** SHA-256 of the caller and his key, in hexadecimal: the key itself opens the outcome. */
  id: Fixed<string>;
  operation: Fixed<string>;
  input_hash: Fixed<string>;
  /** Sealed; null until it is known. */
  outcome: string | null;
  created_at_ms: Fixed<number>;
}

export interface SessionsTable {
  id: string;
  storage: string;
  relative_path: string;
  /** `user:<id>`, `control` or `service`. */
  owner: string;
  /** The owner, of his default session of the repository; null of others. */
  default_of: string | null;
  /** A byte string, in hexadecimal. */
  branch: string;
  base_oid: string;
  head_oid: string;
  is_lazy: Flag;
  is_pushing: Flag;
  is_gone: Flag;
  created_at_ms: number;
  expires_at_ms: number;
  dirty_since_ms: number | null;
  commit_due_at_ms: number | null;
  problem: string | null;
}

export interface MirrorsTable {
  id: Generated<number>;
  storage: string;
  relative_path: string;
  name: string;
  direction: string;
  url: string;
  /** Sealed; null: none. */
  credential: string | null;
  known_hosts: string | null;
  interval_s: number | null;
  created_at_ms: Fixed<number>;
  next_run_at_ms: number | null;
  failures: number;
  last_run_at_ms: number | null;
  last_success_at_ms: number | null;
  problem: string | null;
}

/** One row: how far the events have been followed for mirrors. */
export interface MirrorCursorTable {
  id: number;
  event_id: number;
}

export interface ClonesTable {
  storage: string;
  relative_path: string;
  /** `user:7`, or the kind of caller without an account. */
  owner: string;
  url: string;
  state: string;
  started_at_ms: number;
  ended_at_ms: number | null;
  problem_reason: string | null;
  problem_message: string | null;
}
