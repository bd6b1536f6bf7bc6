import { Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { worktreePath } from "./worktree-path.ts";
import { EXAMPLE_SESSION, LOCK_ERRORS, SESSION_ERRORS, SessionPlaceFields } from "./session-fields.ts";
import { EXPECTED_FILE_ERRORS, ExpectedFileField, expectSessionFile } from "./expect-session.ts";

/** Deletes a file of a session's worktree, or a folder with all that is in it. */
export const deleteSessionFile = defineOperation({
  name: "deleteSessionFile",
  summary: "Delete a file or folder of a worktree session",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    { ...SessionPlaceFields, path: PathField("Path of the file or folder"), expectedOid: ExpectedFileField },
    { additionalProperties: false },
  ),
  output: Type.Object({}, { additionalProperties: false }),
  errors: [...SESSION_ERRORS, ...EXPECTED_FILE_ERRORS, ...LOCK_ERRORS, "invalid_path", "path_not_found"],
  examples: [{ title: "A file", input: { session: EXAMPLE_SESSION, path: "README.md" } }],
  route: { method: "DELETE", path: "/repos/:repo/sessions/:session/files", ifMatch: "expectedOid", status: 204 },
  async run({ session: id, path, expectedOid }, { repository, sessions, limits }) {
    const clean = worktreePath(path);
    await sessions.writing(repository, id, async (session) => {
      await expectSessionFile(session, clean, expectedOid, limits.blobBytesMax);
      await session.files.remove(clean);
    });
    return {};
  },
});
