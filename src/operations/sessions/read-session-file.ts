import { ContentField, OidField, Type } from "../../contract/fields.ts";
import { formatMode, PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { worktreePath } from "./worktree-path.ts";
import { EXAMPLE_SESSION, SESSION_ERRORS, SessionPlaceFields } from "./session-fields.ts";
import { blobOid } from "../../domain/blob-oid.ts";

/** Reads a file of a session's worktree. */
export const readSessionFile = defineOperation({
  name: "readSessionFile",
  summary: "Read a file of a worktree session",
  kind: "read",
  shape: "call",
  access: "read",
  needsCredentials: true,
  target: "repository",
  input: Type.Object({ ...SessionPlaceFields, path: PathField("Path of the file") }, { additionalProperties: false }),
  output: Type.Object(
    {
      path: PathField(),
      mode: Type.String({ description: "100644, 100755, or 120000 for a symbolic link" }),
      size: Type.Integer({ description: "Length in bytes" }),
      oid: OidField("Id that these bytes have as a blob: what a later write expects"),
      content: ContentField("What is in the file; of a symbolic link its target"),
    },
    { additionalProperties: false, title: "WorktreeFileContent" },
  ),
  errors: [...SESSION_ERRORS, "invalid_path", "path_not_found", "too_large"],
  examples: [{ title: "A file", input: { session: EXAMPLE_SESSION, path: "README.md" } }],
  route: { method: "GET", path: "/repos/:repo/sessions/:session/files" },
  async run({ session: id, path }, { repository, sessions, limits }) {
    const clean = worktreePath(path);
    return await sessions.reading(repository, id, async ({ files }) => {
      const { mode, size, content } = await files.read(clean, limits.blobBytesMax);
      return {
        path: clean,
        mode: formatMode(mode),
        size,
        oid: await blobOid(content, repository.objectFormat),
        content,
      };
    });
  },
});
