import type { ByteString } from "./bytes.ts";
import type { Code } from "./code.ts";
import type { GitPath } from "./git-object.ts";
import type { Oid } from "./oid.ts";
import type { RefName } from "./reference.ts";

/** What a client may do about an error: nothing, repeat the call, or read the current state first. */
export type RetryAdvice = "never" | "retry" | "refresh";

export interface ReasonEntry {
  readonly code: Code;
  readonly httpStatus: number;
  readonly retry: RetryAdvice;
  /** Fixed text; facts are in the details. */
  readonly message: string;
}

/** What a path is on one side of a merge: the id, and the mode as git prints it. */
interface ConflictSide {
  readonly oid: Oid;
  readonly mode: string;
}

/** A path that does not merge; a side where nothing is is absent. */
interface Conflict {
  readonly path: GitPath;
  readonly base?: ConflictSide;
  readonly ours?: ConflictSide;
  readonly theirs?: ConflictSide;
}

/** Details of each reason: the facts that a client gets as data. */
export interface ReasonDetails {
  malformed_request: { readonly part: string; readonly problem: string };
  invalid_input: { readonly field: string; readonly problem: string };
  invalid_revision: { readonly revision: ByteString; readonly problem: string };
  invalid_reference_name: { readonly references: readonly RefName[]; readonly problem: string };
  invalid_path: {
    readonly path: GitPath;
    readonly problem: "empty" | "invalid" | "traversal" | "forbidden" | "too_long";
  };
  invalid_object_id: { readonly value: string; readonly field?: string };
  invalid_identity: { readonly problem: string };
  storage_unknown: { readonly storage: string };
  repository_path_escapes: { readonly relativePath: string };
  unauthenticated: Record<string, never>;
  forbidden: { readonly operation: string };
  protocol_error: { readonly problem: string };
  objects_missing: { readonly oids: readonly Oid[] };
  objects_invalid: { readonly problems: readonly string[] };
  pack_invalid: { readonly problem: string };
  reference_protected: { readonly reference: RefName; readonly problem: string };
  non_fast_forward: { readonly reference: RefName };
  host_not_allowed: { readonly host: string };
  origin_not_allowed: { readonly origin: string };
  service_not_offered: { readonly service: string };
  media_type_unsupported: { readonly mediaType: string; readonly expected: string };
  address_unknown: { readonly path: string };
  method_not_allowed: { readonly method: string; readonly allowed: readonly string[] };
  hook_rejected: {
    readonly hook: "pre-receive" | "update" | "reference-transaction";
    /** The one that the update hook was asked about. */
    readonly reference?: RefName;
    readonly stdout: Uint8Array;
    readonly stderr: Uint8Array;
  };
  storage_missing: { readonly storage: string };
  storage_unusable: { readonly storage: string };
  repository_not_found: { readonly repository: string };
  reference_not_found: { readonly reference: RefName };
  revision_not_found: { readonly revision: ByteString; readonly field?: string };
  object_not_found: { readonly oid: Oid; readonly field?: string };
  path_not_found: { readonly path: GitPath };
  page_token_not_found: { readonly token: string };
  diff_not_found: { readonly diff: string };
  persisted_query_not_found: { readonly sha256: string };
  user_not_found: { readonly user: string };
  user_exists: { readonly user: string };
  user_built_in: { readonly user: string };
  key_not_found: { readonly key: string };
  key_exists: { readonly fingerprint: string };
  token_not_found: { readonly token: string };
  collaborator_not_found: { readonly user: string };
  protection_not_found: { readonly pattern: ByteString };
  webhook_not_found: { readonly webhook: number };
  delivery_not_found: { readonly delivery: number };
  clone_not_found: { readonly repository: string };
  clone_running: { readonly repository: string };
  mirror_not_found: { readonly mirror: string };
  target_not_allowed: { readonly host: string };
  remote_unreachable: { readonly host: string; readonly problem: string };
  remote_refused: { readonly host: string; readonly problem: string };
  session_not_found: { readonly session: string };
  session_gone: { readonly session: string };
  session_required: Record<string, never>;
  nothing_to_commit: Record<string, never>;
  signing_key_missing: Record<string, never>;
  index_unmerged: { readonly paths: readonly GitPath[] };
  index_locked: Record<string, never>;
  nothing_to_stash: Record<string, never>;
  stash_not_found: { readonly stash: string };
  worktree_dirty: { readonly paths: readonly GitPath[] };
  /** The hunk is null where the whole file does not fit. */
  patch_not_applicable: { readonly path: GitPath; readonly hunk: Uint8Array | null };
  precondition_failed: { readonly etag: string };
  idempotency_key_reused: { readonly key: string; readonly operation: string };
  idempotency_outcome_unknown: { readonly key: string };
  setting_configured: { readonly setting: string };
  database_unavailable: Record<string, never>;
  repository_exists: { readonly repository: string };
  reference_exists: { readonly reference: RefName; readonly oid: Oid };
  path_exists: { readonly path: GitPath; readonly type: "file" | "directory" | "submodule" };
  repository_invalid: { readonly problem: string };
  repository_locked: { readonly repository: string };
  reference_ambiguous: { readonly reference: RefName };
  reference_is_symbolic: { readonly reference: RefName };
  reference_name_conflict: { readonly reference: RefName; readonly conflictsWith: RefName; readonly newOid?: Oid };
  reference_repeated: { readonly reference: RefName };
  references_locked: { readonly references: readonly RefName[] };
  reference_mismatch: { readonly reference: RefName; readonly expected: Oid; readonly actual: Oid };
  file_mismatch: { readonly path: GitPath; readonly expected: Oid; readonly actual: Oid };
  commit_not_pickable: { readonly oid: Oid };
  not_a_commit: { readonly oid: Oid };
  merge_conflict: {
    readonly conflictingPaths: readonly GitPath[];
    readonly commitOids: readonly Oid[];
    /** What each path is on the three sides, where the operation tells. */
    readonly conflicts?: readonly Conflict[];
  };
  changes_already_applied: Record<string, never>;
  not_ancestor: { readonly parent: ByteString; readonly child: ByteString };
  merge_not_confirmed: Record<string, never>;
  too_large: { readonly what: string; readonly sizeBytes: number; readonly limitBytes: number };
  query_over_limit: { readonly measure: string; readonly maximum: number };
  limit_exceeded: { readonly limit: string; readonly maximum: number; readonly retryAfterMs: number };
  reader_too_slow: { readonly waiting: number; readonly maximum: number };
  deadline_exceeded: Record<string, never>;
  canceled: Record<string, never>;
  shutting_down: Record<string, never>;
  disk_full: Record<string, never>;
  unsupported: { readonly what: string };
  unimplemented: { readonly what: string };
  object_corrupt: { readonly oid: Oid };
  git_failed: { readonly command: string; readonly exitCode: number };
  internal: { readonly what: string };
}

export type Reason = keyof ReasonDetails;

function entry(code: Code, httpStatus: number, retry: RetryAdvice, message: string): ReasonEntry {
  return { code, httpStatus, retry, message };
}

/** The closed catalogue of reasons. */
export const REASONS: Readonly<Record<Reason, ReasonEntry>> = {
  malformed_request: entry("invalid_argument", 400, "never", "malformed request"),
  invalid_input: entry("invalid_argument", 422, "never", "invalid input"),
  invalid_revision: entry("invalid_argument", 422, "never", "invalid revision"),
  invalid_reference_name: entry("invalid_argument", 422, "never", "invalid reference name"),
  invalid_path: entry("invalid_argument", 422, "never", "invalid path"),
  invalid_object_id: entry("invalid_argument", 422, "never", "invalid object id"),
  invalid_identity: entry("invalid_argument", 422, "never", "invalid name or email"),
  storage_unknown: entry("invalid_argument", 400, "never", "storage name not found"),
  repository_path_escapes: entry("invalid_argument", 400, "never", "relative path escapes root directory"),
  unauthenticated: entry("unauthenticated", 401, "never", "authentication required"),
  forbidden: entry("permission_denied", 403, "never", "permission denied"),
  protocol_error: entry("invalid_argument", 400, "never", "not Git's protocol"),
  objects_missing: entry("failed_precondition", 422, "never", "objects are missing"),
  objects_invalid: entry("invalid_argument", 422, "never", "objects are not valid"),
  pack_invalid: entry("invalid_argument", 422, "never", "not a valid pack"),
  reference_protected: entry("permission_denied", 403, "never", "reference is protected"),
  non_fast_forward: entry("failed_precondition", 409, "refresh", "not a fast-forward"),
  host_not_allowed: entry("permission_denied", 403, "never", "not a name of this server"),
  origin_not_allowed: entry("permission_denied", 403, "never", "web pages of this origin may not call this server"),
  service_not_offered: entry("permission_denied", 403, "never", "not a service of this server"),
  media_type_unsupported: entry("invalid_argument", 415, "never", "unsupported media type"),
  address_unknown: entry("not_found", 404, "never", "nothing is at this address"),
  method_not_allowed: entry("unimplemented", 405, "never", "method not allowed"),
  hook_rejected: entry("permission_denied", 403, "never", "rejected by a hook"),
  storage_missing: entry("not_found", 404, "never", "storage does not exist"),
  storage_unusable: entry("unavailable", 503, "retry", "storage cannot be read and written"),
  repository_not_found: entry("not_found", 404, "never", "repository not found"),
  reference_not_found: entry("not_found", 404, "never", "reference not found"),
  revision_not_found: entry("not_found", 404, "never", "revision not found"),
  object_not_found: entry("not_found", 404, "never", "object not found"),
  path_not_found: entry("not_found", 404, "never", "path not found"),
  page_token_not_found: entry("invalid_argument", 422, "never", "page token not found"),
  diff_not_found: entry("not_found", 404, "never", "diff not found"),
  persisted_query_not_found: entry("not_found", 404, "refresh", "no query is kept under this hash"),
  user_not_found: entry("not_found", 404, "never", "user not found"),
  user_exists: entry("already_exists", 409, "never", "user exists already"),
  user_built_in: entry("failed_precondition", 409, "never", "the built-in administrator stays as it is"),
  key_not_found: entry("not_found", 404, "never", "key not found"),
  key_exists: entry("already_exists", 409, "never", "key is registered already"),
  token_not_found: entry("not_found", 404, "never", "token not found"),
  collaborator_not_found: entry("not_found", 404, "never", "not a collaborator"),
  webhook_not_found: entry("not_found", 404, "never", "webhook not found"),
  delivery_not_found: entry("not_found", 404, "never", "delivery not found"),
  protection_not_found: entry("not_found", 404, "never", "no rule has this pattern"),
  clone_not_found: entry("not_found", 404, "never", "no clone of this repository is known"),
  clone_running: entry("already_exists", 409, "never", "the repository is being cloned already"),
  mirror_not_found: entry("not_found", 404, "never", "mirror not found"),
  target_not_allowed: entry(
    "permission_denied",
    403,
    "never",
    "the address is not public; the setting allow_private_targets would allow it",
  ),
  remote_unreachable: entry("unavailable", 502, "retry", "the other server cannot be reached"),
  remote_refused: entry("failed_precondition", 422, "never", "the other server refuses"),
  session_not_found: entry("not_found", 404, "never", "session not found"),
  session_gone: entry("failed_precondition", 410, "never", "the session's worktree is gone"),
  session_required: entry("failed_precondition", 409, "never", "name a session: this server makes none by itself"),
  nothing_to_commit: entry("failed_precondition", 409, "never", "nothing to commit"),
  signing_key_missing: entry("failed_precondition", 409, "never", "this server has no key to sign with"),
  index_unmerged: entry("failed_precondition", 409, "refresh", "the index has unresolved conflicts"),
  index_locked: entry("aborted", 409, "retry", "another process has the session's index locked"),
  nothing_to_stash: entry("failed_precondition", 409, "never", "nothing to stash"),
  stash_not_found: entry("not_found", 404, "never", "stash not found"),
  worktree_dirty: entry("failed_precondition", 409, "refresh", "changes of the worktree would be lost"),
  patch_not_applicable: entry("failed_precondition", 409, "refresh", "the patch does not apply"),
  precondition_failed: entry("aborted", 412, "refresh", "it is no longer what was expected"),
  idempotency_key_reused: entry("invalid_argument", 422, "never", "the idempotency key was given with another request"),
  idempotency_outcome_unknown: entry(
    "aborted",
    409,
    "refresh",
    "the server cannot tell whether the first request with this idempotency key has happened",
  ),
  setting_configured: entry("failed_precondition", 409, "never", "the server's configuration decides this setting"),
  database_unavailable: entry("unavailable", 503, "retry", "the database cannot be reached"),
  repository_exists: entry("already_exists", 409, "never", "repository exists already"),
  reference_exists: entry("already_exists", 409, "refresh", "reference exists already"),
  path_exists: entry("already_exists", 409, "refresh", "path exists already"),
  repository_invalid: entry("failed_precondition", 409, "never", "not a valid repository"),
  repository_locked: entry("failed_precondition", 409, "retry", "repository is locked"),
  reference_ambiguous: entry("invalid_argument", 400, "never", "reference is ambiguous"),
  reference_is_symbolic: entry("failed_precondition", 409, "never", "reference is symbolic"),
  reference_name_conflict: entry(
    "failed_precondition",
    409,
    "refresh",
    "reference name conflicts with another reference",
  ),
  reference_repeated: entry("invalid_argument", 400, "never", "reference changed more than once"),
  references_locked: entry("aborted", 409, "retry", "references are locked"),
  reference_mismatch: entry("aborted", 409, "refresh", "reference does not point to the expected object"),
  file_mismatch: entry("aborted", 409, "refresh", "file is not what was expected"),
  not_a_commit: entry("failed_precondition", 409, "never", "object is not a commit"),
  commit_not_pickable: entry("failed_precondition", 409, "never", "a root commit cannot be picked"),
  merge_conflict: entry("failed_precondition", 409, "refresh", "merge conflict"),
  changes_already_applied: entry("failed_precondition", 409, "never", "changes are already applied"),
  not_ancestor: entry("failed_precondition", 409, "refresh", "branch has diverged"),
  merge_not_confirmed: entry("failed_precondition", 409, "never", "merge was not confirmed"),
  too_large: entry("resource_exhausted", 413, "never", "larger than the limit"),
  query_over_limit: entry("invalid_argument", 400, "never", "the query asks for too much"),
  limit_exceeded: entry("resource_exhausted", 429, "retry", "over a limit"),
  reader_too_slow: entry(
    "resource_exhausted",
    429,
    "retry",
    "the reader is too slow; go on behind the last event it has",
  ),
  deadline_exceeded: entry("deadline_exceeded", 504, "retry", "deadline exceeded"),
  canceled: entry("canceled", 499, "never", "canceled by the client"),
  shutting_down: entry("unavailable", 503, "retry", "server is shutting down"),
  disk_full: entry("resource_exhausted", 507, "retry", "no space left on the storage"),
  unsupported: entry("unimplemented", 501, "never", "not supported by this backend"),
  unimplemented: entry("unimplemented", 501, "never", "not implemented"),
  object_corrupt: entry("data_loss", 500, "never", "object is corrupt"),
  git_failed: entry("internal", 500, "never", "git failed"),
  internal: entry("internal", 500, "never", "internal error"),
};
