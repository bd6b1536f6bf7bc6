import type { RepositoryEventName } from "../domain/event-names.ts";
import { Maybe, type TSchema, Type } from "./fields.ts";

const OID = Type.String({ description: "Full object id; zeros for what did not exist, or does no more" });

/** What every event of a repository says. */
const COMMON = {
  repo: Type.String({ description: "Full name, such as alice/myrepo" }),
  storage: Maybe(Type.String({ description: "Storage of the Gitaly protocol; absent for `default`" })),
  actor: Type.String({ description: "Whom the caller named, else the account, else the kind of caller" }),
  door: Type.String({ description: "How it came: http, ssh, gitaly, control, …" }),
};

const REF = {
  ...COMMON,
  ref: Type.String({ description: "Full name of the reference, as text" }),
  ref_base64: Maybe(Type.String({ description: "The name's bytes, where they are no text" })),
};

const shape = (fields: Record<string, TSchema>): TSchema => Type.Object(fields, { additionalProperties: false });

const branch = Type.String({ description: "Name of the branch without refs/heads/" });
const tag = Type.String({ description: "Name of the tag without refs/tags/" });

const PushedCommit = Type.Object(
  {
    id: OID,
    message: Type.String({ description: "Cut when it is long" }),
    timestamp: Type.Union([Type.String(), Type.Null()], { description: "RFC 3339, UTC; null for a date that is none" }),
    author: Type.Object({ name: Type.String(), email: Type.String() }, { additionalProperties: false }),
  },
  { additionalProperties: false },
);

/** The data of each event of a repository, for those who describe or check them. Those of administration are names and ids. */
export const EVENT_DATA: Readonly<Record<RepositoryEventName, TSchema>> = {
  repository_created: shape(COMMON),
  repository_deleted: shape(COMMON),
  repository_renamed: shape({ ...COMMON, old_repo: Type.String({ description: "Its full name before" }) }),
  default_branch_changed: shape({
    ...COMMON,
    old: Type.Union([Type.String(), Type.Null()], { description: "What HEAD named; null when it was detached" }),
    new: Type.String({ description: "What HEAD names" }),
  }),
  branch_created: shape({ ...REF, branch, new: OID }),
  branch_deleted: shape({ ...REF, branch, old: OID }),
  tag_created: shape({ ...REF, tag, new: OID }),
  tag_deleted: shape({ ...REF, tag, old: OID }),
  ref_updated: shape({ ...REF, old: OID, new: OID }),
  push: shape({
    ...REF,
    old: OID,
    new: OID,
    commits: Type.Union([Type.Array(PushedCommit, { maxItems: 20 }), Type.Null()], {
      description: "The newest of the new commits, oldest first; null when they cannot be told",
    }),
    commit_count: Type.Union([Type.Integer(), Type.Null()], { description: "How many are new; null when unknown" }),
    count_cut: Maybe(Type.Boolean({ description: "There are more than were counted" })),
    forced: Maybe(Type.Boolean({ description: "The reference has lost commits" })),
  }),
};
