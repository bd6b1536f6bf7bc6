import { ByteStringField, OidField, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeCursor, encodeCursor, pageFields } from "../../contract/page.ts";
import { compareByteStrings } from "../../domain/bytes.ts";
import { EXAMPLE_SESSION, orNull, SESSION_ERRORS, SessionPlaceFields, shortBranch } from "./session-fields.ts";

const LIMIT_MAX = 10_000;

const ChangeField = (description: string) =>
  Type.Union(
    [
      Type.Literal("unmodified"),
      Type.Literal("modified"),
      Type.Literal("added"),
      Type.Literal("deleted"),
      Type.Literal("type-changed"),
      Type.Literal("unmerged"),
      Type.Literal("untracked"),
      Type.Literal("ignored"),
    ],
    { description },
  );

/** Tells what differs between a session's head, its index and its files. */
export const sessionStatus = defineOperation({
  name: "sessionStatus",
  summary: "Show what has changed in a worktree session",
  kind: "read",
  shape: "call",
  access: "read",
  needsCredentials: true,
  target: "repository",
  input: Type.Object({ ...SessionPlaceFields, ...pageFields(LIMIT_MAX) }, { additionalProperties: false }),
  output: Type.Object(
    {
      branch: ByteStringField("The branch that the session publishes to"),
      head: Type.Union([OidField("The session's last commit"), Type.Null()]),
      isClean: Type.Boolean({ json: "clean", description: "Is everything as the head has it?" }),
      items: Type.Array(
        Type.Object(
          {
            path: PathField(),
            index: ChangeField("The index against the head"),
            worktree: ChangeField("The file against the index"),
          },
          { additionalProperties: false, title: "ChangedFile", description: "A path that has changed" },
        ),
      ),
      nextCursor: Type.Union([Type.String(), Type.Null()], { description: "Gives the next page; null at the end" }),
    },
    { additionalProperties: false, title: "WorktreeStatus" },
  ),
  errors: [...SESSION_ERRORS, "page_token_not_found"],
  examples: [{ title: "A session", input: { session: EXAMPLE_SESSION } }],
  route: { method: "GET", path: "/repos/:repo/sessions/:session/status" },
  async run({ session: id, limit = LIMIT_MAX, cursor }, { repository, sessions }) {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, ["after"]).after;
    return await sessions.reading(repository, id, async ({ info, git, view }) => {
      const items: { path: string; index: Change; worktree: Change }[] = [];
      let count = 0;
      for await (const batch of git.worktree.status(view, { untracked: "files" })) {
        for (const { path, index, worktree } of batch) {
          count++;
          const isAfter = after === undefined || compareByteStrings(path, after) > 0;
          if (isAfter && items.length <= limit) items.push({ path, index, worktree });
        }
      }
      const more = items.length > limit;
      if (more) items.pop();
      const nextCursor = more ? encodeCursor({ after: items.at(-1)!.path }) : null;
      const { branch, headOid } = info;
      return { branch: shortBranch(branch), head: orNull(headOid), isClean: count === 0, items, nextCursor };
    });
  },
});

type Change = "unmodified" | "modified" | "added" | "deleted" | "type-changed" | "unmerged" | "untracked" | "ignored";
