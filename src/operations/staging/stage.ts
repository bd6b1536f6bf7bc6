import { BytesField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { worktreePath } from "../sessions/worktree-path.ts";
import { EXAMPLE_SESSION, MaybeSessionField, STAGING_ERRORS } from "../sessions/session-fields.ts";
import { patchAt } from "./patch-at.ts";
import { ExpectedHeadField } from "../sessions/expect-session.ts";

/** Stages a file or folder as the worktree has it, or what a patch does to it. */
export const stage = defineOperation({
  name: "stage",
  summary: "Stage a file or folder, or a part of its changes",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      session: MaybeSessionField,
      path: PathField("File or folder; one that the worktree does not have any more is staged as deleted"),
      patch: Maybe(
        BytesField(
          "A patch against the index; what it does at the path is staged, and the worktree left alone. Absent: the worktree's files are staged",
        ),
      ),
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    { path: PathField("What has been staged") },
    { additionalProperties: false, description: "What has been staged" },
  ),
  errors: [...STAGING_ERRORS, "invalid_path", "path_not_found", "invalid_input", "patch_not_applicable", "too_large"],
  examples: [{ title: "A file", input: { session: EXAMPLE_SESSION, path: "README.md" } }],
  tool: { isDefault: true, idempotent: true, advice: "Puts a file's changes, or a patch of it, into the next commit." },
  route: { method: "POST", path: "/repos/:repo/stage", ifMatch: "expectedOid" },
  graphql: "stagePath",
  async run({ session: id, path, patch, expectedOid }, { repository, sessions, limits }) {
    const clean = worktreePath(path);
    const part = patch === undefined ? undefined : patchAt(patch, limits.blobBytesMax, clean).patch;
    await sessions.writing(
      repository,
      id,
      async ({ git, view }) => {
        if (part === undefined) await git.worktree.stage(view, [clean]);
        else await git.worktree.applyPatch(view, part, { to: "index" });
      },
      { expectedHead: expectedOid },
    );
    return { path: clean };
  },
});
