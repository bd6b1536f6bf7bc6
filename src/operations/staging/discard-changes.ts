import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { worktreePath } from "../sessions/worktree-path.ts";
import { EXAMPLE_SESSION, MaybeSessionField, STAGING_ERRORS } from "../sessions/session-fields.ts";
import { ExpectedHeadField } from "../sessions/expect-session.ts";

/** Sets files of the worktree back to what is staged. */
export const discardChanges = defineOperation({
  name: "discardChanges",
  summary: "Discard changes of a worktree that are not staged",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      session: MaybeSessionField,
      path: Maybe(PathField("File or folder; everything when absent")),
      untracked: Maybe(
        Type.Boolean({
          description: "Remove files that Git does not know as well; ignored ones only where they are named themselves",
        }),
      ),
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    { path: Type.Union([PathField(), Type.Null()], { description: "What has been set back; null: everything" }) },
    { additionalProperties: false },
  ),
  errors: [...STAGING_ERRORS, "invalid_path", "path_not_found", "index_unmerged", "worktree_dirty"],
  examples: [{ title: "A file", input: { session: EXAMPLE_SESSION, path: "README.md" } }],
  tool: { destructive: true, idempotent: true, advice: "What has not been committed is lost." },
  route: { method: "POST", path: "/repos/:repo/discard", ifMatch: "expectedOid" },
  async run({ session: id, path, untracked = false, expectedOid }, { repository, sessions }) {
    const paths = path === undefined ? undefined : [worktreePath(path)];
    await sessions.writing(repository, id, ({ git, view }) => git.worktree.discard(view, paths, { untracked }), {
      expectedHead: expectedOid,
    });
    return { path: path ?? null };
  },
});
