import { type ByteString, decodeUtf8, toByteString } from "./bytes.ts";
import type { OperationError } from "./errors.ts";
import { REASONS, type Reason, type ReasonDetails } from "./reasons.ts";
import { repositoryNameOf } from "./repository-name.ts";

/** Names that a sentence tells; how many more there are it counts. */
const NAMES_MAX = 10;
/** Whatever a caller sent comes back no longer than this. */
const FACT_LENGTH_MAX = 500;

/**
 * What went wrong, in one sentence for a person: what the reason says, and the facts. Doors that have words of their own for a reason say
 * those first.
 */
export function errorSentence<R extends Reason>({ reason, details }: OperationError<R>): string {
  const { message } = REASONS[reason];
  const facts = FACTS[reason](details);
  return facts === "" ? message : `${message}: ${facts}`;
}

type Facts = { readonly [R in Reason]: (details: ReasonDetails[R]) => string };

const none = (): string => "";
const text = (bytes: ByteString): string => clipped(decodeUtf8(bytes));
const problemOf = ({ problem }: { readonly problem: string }): string => clipped(problem);
const referenceOf = ({ reference }: { readonly reference: ByteString }): string => text(reference);
const userOf = ({ user }: { readonly user: string }): string => clipped(user);
const whatOf = ({ what }: { readonly what: string }): string => clipped(what);
const storageOf = ({ storage }: { readonly storage: string }): string => clipped(storage);
const repositoryOf = ({ repository }: { readonly repository: string }): string => clipped(repositoryNameOf(repository));
const inField = (field: string | undefined, fact: string): string =>
  field === undefined || field === "" ? fact : `${clipped(field)}: ${fact}`;

/** The facts of each reason; the text behind the colon. */
const FACTS: Facts = {
  malformed_request: ({ part, problem }) => `the ${part} ${clipped(problem)}`,
  invalid_input: ({ field, problem }) => inField(field, clipped(problem)),
  invalid_revision: ({ revision, problem }) => `${text(revision)}: ${clipped(problem)}`,
  invalid_reference_name: ({ references, problem }) => join([listed(references), clipped(problem)]),
  invalid_path: ({ path, problem }) =>
    problem === "empty" ? "it is empty" : `${text(path)}: ${PATH_PROBLEMS[problem]}`,
  invalid_object_id: ({ value, field }) => inField(field, clipped(value)),
  invalid_identity: problemOf,
  storage_unknown: storageOf,
  repository_path_escapes: ({ relativePath }) => clipped(relativePath),
  unauthenticated: none,
  forbidden: ({ operation }) => operation,
  protocol_error: problemOf,
  objects_missing: ({ oids }) => listed(oids),
  objects_invalid: ({ problems }) => listed(problems),
  pack_invalid: problemOf,
  reference_protected: ({ reference, problem }) => `${text(reference)}: ${clipped(problem)}`,
  non_fast_forward: referenceOf,
  host_not_allowed: ({ host }) => clipped(host),
  origin_not_allowed: ({ origin }) => clipped(origin),
  service_not_offered: ({ service }) => clipped(service),
  media_type_unsupported: ({ mediaType, expected }) =>
    `${mediaType === "" ? "none is given" : clipped(mediaType)}, where ${expected} is expected`,
  address_unknown: ({ path }) => clipped(path),
  method_not_allowed: ({ method, allowed }) => `${clipped(method)}; allowed are ${allowed.join(", ")}`,
  hook_rejected: ({ hook, stderr, stdout }) => inField(hook, saidBy(stderr) || saidBy(stdout)).replace(/: $/, ""),
  storage_missing: storageOf,
  storage_unusable: storageOf,
  repository_not_found: repositoryOf,
  reference_not_found: referenceOf,
  revision_not_found: ({ revision, field }) => inField(field, text(revision)),
  object_not_found: ({ oid, field }) => inField(field, clipped(oid)),
  path_not_found: ({ path }) => (path === "" ? "the root is a folder" : text(path)),
  page_token_not_found: none,
  persisted_query_not_found: ({ sha256 }) => clipped(sha256),
  diff_not_found: ({ diff }) => diff.slice(0, 80),
  user_not_found: userOf,
  user_exists: userOf,
  user_built_in: userOf,
  key_not_found: ({ key }) => clipped(key),
  key_exists: ({ fingerprint }) => fingerprint,
  token_not_found: ({ token }) => clipped(token),
  collaborator_not_found: userOf,
  protection_not_found: ({ pattern }) => text(pattern),
  webhook_not_found: ({ webhook }) => String(webhook),
  delivery_not_found: ({ delivery }) => String(delivery),
  clone_not_found: repositoryOf,
  clone_running: repositoryOf,
  mirror_not_found: ({ mirror }) => clipped(mirror),
  target_not_allowed: ({ host }) => clipped(host),
  remote_unreachable: ({ host, problem }) => `${clipped(host)}: ${clipped(problem)}`,
  remote_refused: ({ host, problem }) => `${clipped(host)}: ${clipped(problem)}`,
  session_not_found: ({ session }) => clipped(session),
  session_gone: ({ session }) => clipped(session),
  session_required: none,
  nothing_to_commit: none,
  signing_key_missing: none,
  index_unmerged: ({ paths }) => listed(paths),
  index_locked: none,
  nothing_to_stash: none,
  stash_not_found: ({ stash }) => clipped(stash),
  worktree_dirty: ({ paths }) => listed(paths),
  patch_not_applicable: ({ path, hunk }) =>
    hunk === null ? text(path) : `${text(path)}, ${clipped(decodeUtf8(toByteString(hunk)).split("\n", 1)[0]!)}`,
  precondition_failed: ({ etag }) => clipped(etag),
  idempotency_key_reused: ({ operation }) => operation,
  idempotency_outcome_unknown: none,
  setting_configured: ({ setting }) => clipped(setting),
  database_unavailable: none,
  repository_exists: repositoryOf,
  reference_exists: ({ reference, oid }) => `${text(reference)} is at ${oid}`,
  path_exists: ({ path, type }) => `${text(path)} is a ${type}`,
  file_mismatch: ({ path, expected, actual }) => `${text(path)} is ${actual}, not ${expected}`,
  repository_invalid: problemOf,
  repository_locked: repositoryOf,
  reference_ambiguous: referenceOf,
  reference_is_symbolic: referenceOf,
  reference_name_conflict: ({ reference, conflictsWith }) => `${text(reference)} and ${text(conflictsWith)}`,
  reference_repeated: referenceOf,
  references_locked: ({ references }) => listed(references),
  reference_mismatch: ({ reference, expected, actual }) =>
    `${text(reference)} is at ${actual}, where ${expected} was expected`,
  commit_not_pickable: ({ oid }) => oid,
  not_a_commit: ({ oid }) => oid,
  merge_conflict: ({ conflictingPaths }) => listed(conflictingPaths),
  changes_already_applied: none,
  not_ancestor: ({ parent, child }) => `${text(parent)} is no ancestor of ${text(child)}`,
  merge_not_confirmed: none,
  too_large: ({ what, limitBytes }) => `the ${clipped(what)} has more than ${limitBytes} bytes`,
  query_over_limit: ({ measure, maximum }) => `more than ${maximum} ${measure}`,
  limit_exceeded: ({ limit, maximum }) => `${limit} (${maximum})`,
  reader_too_slow: ({ waiting, maximum }) => `${waiting} of ${maximum} wait`,
  deadline_exceeded: none,
  canceled: none,
  shutting_down: none,
  disk_full: none,
  unsupported: whatOf,
  unimplemented: whatOf,
  object_corrupt: ({ oid }) => oid,
  git_failed: ({ command, exitCode }) => `${command} ended with ${exitCode}`,
  internal: whatOf,
};

const PATH_PROBLEMS = {
  empty: "it is empty",
  invalid: "it is no path within a repository",
  traversal: "it leaves the repository",
  forbidden: "git keeps this name for itself",
  too_long: "it is too long",
} as const;

function listed(names: readonly ByteString[]): string {
  const told = names.slice(0, NAMES_MAX).map(text);
  const more = names.length - told.length;
  return more > 0 ? `${told.join(", ")} and ${more} more` : told.join(", ");
}

const join = (facts: readonly string[]): string => facts.filter((fact) => fact !== "").join(": ");

const saidBy = (output: Uint8Array): string => clipped(new TextDecoder().decode(output).trim());

const clipped = (fact: string): string =>
  fact.length <= FACT_LENGTH_MAX ? fact : `${fact.slice(0, FACT_LENGTH_MAX)}…`;
