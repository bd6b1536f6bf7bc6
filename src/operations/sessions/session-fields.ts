import { ByteStringField, Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import type { SessionInfo } from "../../contract/sessions.ts";
import type { Reason } from "../../domain/reasons.ts";
import { isZeroOid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { EXPECTED_HEAD_ERRORS } from "./expect-session.ts";

/** What names a session in a path of its own. */
export const SessionPlaceFields = {
  repository: RepositoryField,
  session: Type.String({ maxLength: 64, description: "Id of the session" }),
};

/** What everything that works in a session may be told: which one. Without it the caller's default session is meant. */
export const MaybeSessionField = Maybe(
  Type.String({ maxLength: 64, description: "Id of the session; absent: the caller's default session" }),
);

/** The id in examples. */
export const EXAMPLE_SESSION = "0123456789abcdef01234567";

/** What an operation on a session may fail with, besides its own reasons. */
export const SESSION_ERRORS = ["unauthenticated", "session_not_found", "session_gone"] as const satisfies Reason[];

/** What changes index or head fails with while somebody works in the session's folder with plain git: it is as it was. */
export const LOCK_ERRORS = ["index_locked", "references_locked"] as const satisfies Reason[];

/** What every change of a worktree, its index or its stashes may fail with, besides its own reasons. */
export const STAGING_ERRORS = [
  ...SESSION_ERRORS,
  ...EXPECTED_HEAD_ERRORS,
  ...LOCK_ERRORS,
  "session_required",
  "disk_full",
] as const satisfies Reason[];

/** A session as callers see it. */
export const SessionItem = Type.Object(
  {
    id: Type.String({ description: "24 hexadecimal digits" }),
    branch: ByteStringField("The branch that it publishes to; it need not exist"),
    base: Type.Union([OidField("What the branch was when session and branch last agreed"), Type.Null()], {
      description: "The branch's commit when session and branch last agreed; null: it was not there",
    }),
    head: Type.Union([OidField("The session's last commit"), Type.Null()], {
      description: "The session's last commit; null: there is none yet",
    }),
    state: Type.Union([Type.Literal("open"), Type.Literal("gone")], { description: "gone: its worktree is lost" }),
    isDefault: Type.Boolean({ json: "default", description: "Is it meant where no session is named?" }),
    checkout: Type.Union([Type.Literal("full"), Type.Literal("lazy")]),
    pushes: Type.Boolean({ json: "push", description: "Do automatic commits move the branch?" }),
    isDirty: Type.Boolean({
      json: "dirty",
      description: "Has anything been changed since the last commit? What that commit left out tells the status.",
    }),
    createdAt: Type.String({ description: "ISO 8601" }),
    expiresAt: Type.String({ description: "When it ends unless somebody uses it before, ISO 8601" }),
    commitDueAt: Type.Union([Type.String(), Type.Null()], {
      description: "When changes are committed automatically, unless more are made, ISO 8601",
    }),
    problem: Type.Union([Type.String(), Type.Null()], {
      description: "Why the last automatic commit or push failed: a reason",
    }),
  },
  { additionalProperties: false, title: "Session", description: "A worktree session" },
);

/** Shows a session. */
export function sessionItem(session: SessionInfo): Static<typeof SessionItem> {
  const { id, branch, baseOid, headOid, isGone, isDefault, isLazy, pushes, dirtySinceMs, commitDueAtMs } = session;
  return {
    id,
    branch: shortBranch(branch),
    base: orNull(baseOid),
    head: orNull(headOid),
    state: isGone ? "gone" : "open",
    isDefault,
    checkout: isLazy ? "lazy" : "full",
    pushes,
    isDirty: dirtySinceMs !== undefined,
    createdAt: iso(session.createdAtMs),
    expiresAt: iso(session.expiresAtMs),
    commitDueAt: commitDueAtMs === undefined ? null : iso(commitDueAtMs),
    problem: session.problem ?? null,
  };
}

/** A branch without `refs/heads/`. */
export const shortBranch = (name: string): string => name.slice(REFS_HEADS.length);

/** An id, or null for the zeros that stand for none. */
export const orNull = (oid: string): string | null => (isZeroOid(oid) ? null : oid);

const iso = (ms: number): string => new Date(ms).toISOString();
