import { BytesField, RepositoryField, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION, MaybeSessionField, STAGING_ERRORS } from "../sessions/session-fields.ts";
import { patchAt } from "./patch-at.ts";
import { ExpectedHeadField } from "../sessions/expect-session.ts";

/** Stages what a patch does: all of it or nothing. The worktree is left alone. */
export const stagePatch = defineOperation({
  name: "stagePatch",
  summary: "Stage a patch",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      session: MaybeSessionField,
      patch: BytesField(
        "What git diff or diff(1) prints, against the index; paths have one folder in front, as in a/file",
      ),
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    { paths: Type.Array(PathField(), { description: "The files that the patch changes" }) },
    { additionalProperties: false },
  ),
  errors: [...STAGING_ERRORS, "invalid_path", "invalid_input", "patch_not_applicable", "too_large"],
  examples: [
    {
      title: "A new file",
      input: {
        session: EXAMPLE_SESSION,
        patch: Buffer.from("--- /dev/null\n+++ b/notes.txt\n@@ -0,0 +1 @@\n+Remember\n"),
      },
    },
  ],
  tool: {
    isDefault: true,
    advice: "A unified diff, applied to what is staged and not to the files: all of it or nothing.",
  },
  route: { method: "POST", path: "/repos/:repo/stage/patch", ifMatch: "expectedOid" },
  async run({ session: id, patch, expectedOid }, { repository, sessions, limits }) {
    const { paths } = patchAt(patch, limits.blobBytesMax);
    await sessions.writing(repository, id, ({ git, view }) => git.worktree.applyPatch(view, patch, { to: "index" }), {
      expectedHead: expectedOid,
    });
    return { paths: [...paths] };
  },
});
