import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { worktreePath } from "../sessions/worktree-path.ts";
import { EXAMPLE_SESSION, MaybeSessionField, STAGING_ERRORS } from "../sessions/session-fields.ts";
import { ExpectedHeadField } from "../sessions/expect-session.ts";

/** Takes changes out of the staging area; the worktree keeps them. */
export const unstage = defineOperation({
  name: "unstage",
  summary: "Unstage a file or folder, or everything",
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
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    { path: Type.Union([PathField(), Type.Null()], { description: "What has been unstaged; null: everything" }) },
    { additionalProperties: false },
  ),
  errors: [...STAGING_ERRORS, "invalid_path", "path_not_found"],
  examples: [{ title: "Everything", input: { session: EXAMPLE_SESSION } }],
  tool: { isDefault: true, idempotent: true },
  route: { method: "POST", path: "/repos/:repo/unstage", ifMatch: "expectedOid" },
  async run({ session: id, path, expectedOid }, { repository, sessions }) {
    const paths = path === undefined ? undefined : [worktreePath(path)];
    await sessions.writing(repository, id, ({ git, view }) => git.worktree.unstage(view, paths), {
      expectedHead: expectedOid,
    });
    return { path: path ?? null };
  },
});
