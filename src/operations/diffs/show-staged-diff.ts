import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { strictPath } from "../files/strict-path.ts";
import { EXAMPLE_SESSION, MaybeSessionField, SESSION_ERRORS } from "../sessions/session-fields.ts";
import { collectDiff, Diff, diffOptions, FormatField, RENAME_THRESHOLD } from "./show-diff.ts";

/** Shows what is different between a session's head and what is staged. */
export const showStagedDiff = defineOperation({
  name: "showStagedDiff",
  summary: "Show what is staged as a diff",
  kind: "read",
  shape: "call",
  access: "read",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, session: MaybeSessionField, format: FormatField, ...diffOptions },
    { additionalProperties: false },
  ),
  output: Type.Omit(Diff, ["id"], { additionalProperties: false }),
  errors: [...SESSION_ERRORS, "session_required", "invalid_path", "too_large"],
  examples: [{ title: "Of a session", input: { session: EXAMPLE_SESSION, format: "json" } }],
  route: {
    method: "GET",
    path: "/repos/:repo/diff/staged",
    etag: "etag",
    content: { field: "patch", type: () => "text/x-diff" },
  },
  async run(
    { repository: _, session: id, format = "json", paths, renameThreshold = RENAME_THRESHOLD, ...options },
    { repository, sessions, limits },
  ) {
    const spec = { ...options, renameThreshold, ...(paths !== undefined && { paths: paths.map(strictPath) }) };
    return await sessions.reading(repository, id, ({ git, view }) =>
      collectDiff(git.worktree.diffIndex(view, spec), format, limits.answerBytesMax),
    );
  },
});
