import { hasReason, type OperationError } from "../../../domain/errors.ts";
import { REASONS, type Reason, type RetryAdvice } from "../../../domain/reasons.ts";

/** What to do about an error where nothing better is known. */
const BY_ADVICE: Readonly<Record<RetryAdvice, string>> = {
  never: "The same call fails again: change the arguments, or tell the user.",
  retry: "The same call may succeed in a moment: wait a second and repeat it.",
  refresh: "The state is not what the call presumed: read it again, then decide anew.",
};

/** What to do next, where more can be said than by the advice alone. Names of tools are those of the default set where they are in it. */
const BY_REASON: Readonly<Partial<Record<Reason, string>>> = {
  invalid_input: "Correct the argument that details.field names; the tool's input schema tells what it takes.",
  unauthenticated:
    "The server does not know who asks: the user has to give this client a token (`holdfast token create`).",
  forbidden: "The token may not do this: tell the user which operation is refused; repeating does not help.",
  repository_not_found: "Look up the full name with browse_repositories; what may not be read is not listed.",
  reference_not_found: "List what there is with browse_references.",
  revision_not_found: "List branches and tags with browse_references, or commits with show_log.",
  path_not_found:
    "List the folder with list_files (or list_worktree_files in a session), or look for the name with find_files.",
  page_token_not_found: "What was being listed has changed, or the cursor is none: begin again without a cursor.",
  session_not_found: "List your sessions with list_sessions; open one with open_session.",
  session_gone: "Close the session with close_session and open another one; its backup holds what had been committed.",
  session_required: "Open a session with open_session and give its id as session.",
  nothing_to_commit:
    "Nothing has changed since the last commit: look at worktree_status; push_session sends what is committed.",
  non_fast_forward:
    "The branch has moved. Look at what is new with show_log, then open a session from its head and make the change there.",
  reference_mismatch:
    "The branch has moved since. Your commits stay in the session: see what is new with show_log, reset_session to it or open a new session, and apply the change again.",
  file_mismatch: "Somebody else has changed the file: read it again and make the change in what it is now.",
  patch_not_applicable:
    "Read the file again and make the patch of what it is now; details.hunk shows what did not fit.",
  merge_conflict:
    "details tell the files in conflict: read both sides, write the files as they should be, commit that.",
  index_unmerged: "Write the files in conflict as they should be, stage them, then commit.",
  worktree_dirty: "Commit the changes, put them aside with save_stash, or discard them, then repeat the call.",
  reference_protected: "Push to another branch (push_session with branch), and let somebody merge it who may.",
  path_exists: "Choose another path, or delete what is there first.",
  too_large:
    "Ask for less: fewer paths, a smaller limit, stat in place of a diff. get_blob gives a file in parts; files above 16 MiB are fetched with git, or in ranges over REST.",
  limit_exceeded: "Wait for details.retry_after_ms, then repeat the call; fewer at once get through.",
  idempotency_key_reused: "Take a new idempotency key for a new change.",
  idempotency_outcome_unknown: "Look whether the change has happened before making it again with a new key.",
  unsupported: "This cannot be done this way; details.what says what it is about.",
  internal: "A fault of the server: repeat once, then give request_id to whoever runs it.",
};

/** What to do where the call itself was too large. */
const SEND_LESS =
  "Send less in one call: one file at a time, or a patch of what changes. Larger files are pushed with git, or put over REST.";

/** What an agent should do after an error. */
export function nextStep(error: OperationError): { readonly retry: RetryAdvice; readonly next_step: string } {
  const { reason } = error;
  const { retry } = REASONS[reason];
  if (hasReason(error, "too_large") && error.details.what === "body") return { retry, next_step: SEND_LESS };
  return { retry, next_step: BY_REASON[reason] ?? BY_ADVICE[retry] };
}
