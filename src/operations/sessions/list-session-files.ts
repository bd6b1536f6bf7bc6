import { Maybe, Type } from "../../contract/fields.ts";
import { formatMode, PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeCursor, encodeCursor, PageOf, pageFields } from "../../contract/page.ts";
import { worktreePath } from "./worktree-path.ts";
import { EXAMPLE_SESSION, SESSION_ERRORS, SessionPlaceFields } from "./session-fields.ts";

const LIMIT_MAX = 10_000;

const Item = Type.Object(
  {
    path: PathField(),
    mode: Type.String({ description: "100644, 100755, or 120000 for a symbolic link" }),
    size: Type.Integer({ description: "Length in bytes" }),
  },
  { additionalProperties: false, title: "WorktreeFile", description: "A file" },
);

/** Lists the files of a session's worktree, ignored ones included. */
export const listSessionFiles = defineOperation({
  name: "listSessionFiles",
  summary: "List the files of a worktree session",
  kind: "read",
  shape: "call",
  access: "read",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      ...SessionPlaceFields,
      path: Maybe(PathField("Folder; the whole worktree when absent")),
      ...pageFields(LIMIT_MAX),
    },
    { additionalProperties: false },
  ),
  output: PageOf(Item, "The files, sorted by their paths"),
  errors: [...SESSION_ERRORS, "invalid_path", "path_not_found", "page_token_not_found"],
  examples: [{ title: "All of them", input: { session: EXAMPLE_SESSION } }],
  route: { method: "GET", path: "/repos/:repo/sessions/:session/tree" },
  async run({ session: id, path = "", limit = LIMIT_MAX, cursor }, { repository, sessions }) {
    const folder = path === "" ? "" : worktreePath(path);
    const after = cursor === undefined ? undefined : decodeCursor(cursor, ["after"]).after;
    return await sessions.reading(repository, id, async ({ files }) => {
      const items: { path: string; mode: string; size: number }[] = [];
      for await (const batch of files.list(folder, after)) {
        for (const file of batch) {
          if (items.length === limit) return { items, nextCursor: encodeCursor({ after: items.at(-1)!.path }) };
          items.push({ path: file.path, mode: formatMode(file.mode), size: file.size });
        }
      }
      return { items, nextCursor: null };
    });
  },
});
