import { RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeCursor, encodeCursor, PageOf, pageFields } from "../../contract/page.ts";
import type { StatusEntry } from "../../backend/worktree-facet.ts";
import { compareByteStrings } from "../../domain/bytes.ts";
import { EXAMPLE_SESSION, MaybeSessionField, SESSION_ERRORS } from "../sessions/session-fields.ts";

const LIMIT_MAX = 10_000;

const Item = Type.Object(
  {
    path: PathField(),
    change: Type.Union(
      [
        Type.Literal("modified"),
        Type.Literal("added"),
        Type.Literal("deleted"),
        Type.Literal("type-changed"),
        Type.Literal("unmerged"),
      ],
      { description: "The index against the head. unmerged: it conflicts, and has to be staged again" },
    ),
  },
  { additionalProperties: false, title: "StagedFile", description: "A path whose staged state is not the head's" },
);

/** Lists what is staged. */
export const listStaged = defineOperation({
  name: "listStaged",
  summary: "List what is staged",
  kind: "read",
  shape: "call",
  access: "read",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, session: MaybeSessionField, ...pageFields(LIMIT_MAX) },
    { additionalProperties: false },
  ),
  output: PageOf(Item, "What is staged, sorted by path"),
  errors: [...SESSION_ERRORS, "session_required", "page_token_not_found"],
  examples: [{ title: "Of a session", input: { session: EXAMPLE_SESSION } }],
  route: { method: "GET", path: "/repos/:repo/staged" },
  async run({ session: id, limit = LIMIT_MAX, cursor }, { repository, sessions }) {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, ["after"]).after;
    return await sessions.reading(repository, id, async ({ git, view }) => {
      const items: Static<typeof Item>[] = [];
      for await (const batch of git.worktree.status(view, { untracked: "none" })) {
        for (const { path, index } of batch) {
          if (!isStaged(index) || (after !== undefined && compareByteStrings(path, after) <= 0)) continue;
          if (items.length === limit) return { items, nextCursor: encodeCursor({ after: items.at(-1)!.path }) };
          items.push({ path, change: index });
        }
      }
      return { items, nextCursor: null };
    });
  },
});

const isStaged = (change: StatusEntry["index"]): change is Static<typeof Item>["change"] =>
  change !== "unmodified" && change !== "untracked" && change !== "ignored";
