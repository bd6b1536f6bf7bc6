import {
  BytesField,
  ByteStringField,
  Maybe,
  OidField,
  RepositoryField,
  type Static,
  Type,
} from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import type { OpenSession } from "../../contract/sessions.ts";
import type { StashEntry } from "../../backend/worktree-facet.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import type { Reason } from "../../domain/reasons.ts";
import { ExpectedHeadField } from "../sessions/expect-session.ts";
import { MaybeSessionField, STAGING_ERRORS } from "../sessions/session-fields.ts";

/** What names a stash. */
export const StashNameField = ByteStringField("Id of the stash, or its place in the list: 0 is the newest");

/** A stash as callers see it. */
export const StashItem = Type.Object(
  {
    id: OidField("Id of the stash: the commit that holds it"),
    position: Type.Integer({ description: "Place in the list: 0 is the newest" }),
    message: BytesField("What it was called, as git stash list shows it"),
    createdAt: Type.String({ description: "ISO 8601" }),
  },
  { additionalProperties: false, title: "Stash", description: "A stash" },
);

/** Shows a stash. */
export const stashItem = ({ oid, position, message, seconds }: StashEntry): Static<typeof StashItem> => ({
  id: oid,
  position,
  message,
  createdAt: new Date(seconds * 1000).toISOString(),
});

/** What an apply is told. */
export const StashToApplyFields = {
  repository: RepositoryField,
  session: MaybeSessionField,
  stash: StashNameField,
  index: Maybe(Type.Boolean({ description: "Stage again what was staged" })),
  expectedOid: ExpectedHeadField,
};

/** What an apply may fail with. */
export const STASH_APPLY_ERRORS = [
  ...STAGING_ERRORS,
  "stash_not_found",
  "worktree_dirty",
  "index_unmerged",
] as const satisfies Reason[];

/** What an apply answers. */
export const StashAppliedFields = {
  id: OidField("Id of the stash"),
  conflictingPaths: Type.Array(PathField(), {
    json: "conflicts",
    description: "Files that both sides have changed: conflict markers stand in them, and the stash stays; empty: none",
  }),
};

/** Applies a stash that a caller names. Throws `stash_not_found`, `worktree_dirty`, `index_unmerged`. */
export async function applyNamed(session: OpenSession, name: string, index: boolean) {
  const id = await findStash(session, name);
  const { conflictingPaths } = await session.git.worktree.stashApply(session.view, id, { index });
  return { id, conflictingPaths: [...conflictingPaths] };
}

/** The id of a stash that a caller names. Throws `stash_not_found`. */
export async function findStash({ git, view }: OpenSession, name: string): Promise<Oid> {
  const stashes = await git.worktree.stashList(view);
  const position = /^\d{1,6}$/.test(name) ? Number(name) : undefined;
  const found = stashes.find((stash) => stash.oid === name || stash.position === position);
  if (found === undefined) throw new OperationError("stash_not_found", { stash: name });
  return found.oid;
}
