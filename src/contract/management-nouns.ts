import { type Commit } from "../domain/commit.ts";
import type { TreeEntry } from "../domain/git-object.ts";
import type { Identity } from "../domain/identity.ts";
import { BytesField, ByteStringField, Maybe, OidField, type Static, Type } from "./fields.ts";

/** Git's nouns as the management API shows them: ids and modes as git prints them, times as ISO 8601. */

/** A revision that a caller names: a branch, a tag, an id, `main~2`. */
export const RevField = (description = "Revision: a branch, a tag, an id, main~2") => ByteStringField(description);

/** A path from the root of the repository. */
export const PathField = (description = "Path from the root") => ByteStringField(description);

/** An entry of a folder. */
export const FileField = Type.Object(
  {
    path: PathField(),
    type: Type.Union([Type.Literal("blob"), Type.Literal("tree"), Type.Literal("commit")], {
      description: "blob: a file; tree: a folder; commit: a submodule",
    }),
    mode: Type.String({ description: "As git prints it: 100644, 100755, 120000, 040000, 160000" }),
    oid: OidField("Id of the object"),
  },
  { additionalProperties: false, title: "File", description: "An entry of a folder" },
);

/** Shows an entry. */
export function fileOf({ path, type, mode, oid }: TreeEntry): Static<typeof FileField> {
  return { path, type, mode: formatMode(mode), oid };
}

/** A mode as git prints it. */
export const formatMode = (mode: number): string => mode.toString(8).padStart(6, "0");

/** Who wrote something down, and when. */
export const SignatureField = Type.Object(
  {
    name: BytesField("Name"),
    email: BytesField("Mail address"),
    date: Maybe(
      Type.String({ description: "ISO 8601 with the writer's own offset; absent where the line has no date" }),
    ),
  },
  { additionalProperties: false, title: "Signature", description: "A person and a time" },
);

/** A commit. */
export const CommitInfoField = Type.Object(
  {
    oid: OidField("Id of the commit"),
    treeOid: OidField("Id of its tree"),
    parentOids: Type.Array(OidField("Id of a parent"), { description: "None of a first commit, several of a merge" }),
    subject: BytesField("First line of the message"),
    message: BytesField("The whole message"),
    author: SignatureField,
    committer: SignatureField,
  },
  { additionalProperties: false, title: "Commit", description: "A commit" },
);

/** Shows a commit. */
export function commitInfoOf(commit: Commit): Static<typeof CommitInfoField> {
  const { oid, treeOid, parentOids, message } = commit;
  const end = message.indexOf(0x0a);
  return {
    oid,
    treeOid,
    parentOids: [...parentOids],
    subject: end < 0 ? message : message.subarray(0, end),
    message,
    author: signatureOf(commit.author),
    committer: signatureOf(commit.committer),
  };
}

/** Shows a person and a time. */
export function signatureOf({ name, email, seconds, timezone }: Identity): Static<typeof SignatureField> {
  const date = seconds === undefined ? undefined : isoDate(seconds, timezone);
  return { name, email, ...(date !== undefined && { date }) };
}

/** Seconds since 1970 as ISO 8601 at an offset such as `+0130`; undefined for what no calendar has. */
export function isoDate(seconds: bigint, timezone: string): string | undefined {
  const found = /^([+-])(\d{2})(\d{2})$/.exec(timezone);
  const [, sign = "+", hours = "00", minutes = "00"] = found ?? [];
  const offsetMs = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const local = new Date(Number(seconds) * 1000 + offsetMs);
  if (Number.isNaN(local.getTime())) return undefined;
  return `${local.toISOString().slice(0, -5)}${sign}${hours}:${minutes}`;
}
