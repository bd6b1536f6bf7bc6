import { ContentField, Maybe, OidField, Type } from "../../contract/fields.ts";
import { formatMode, PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { MODE_BLOB, MODE_EXECUTABLE, MODE_SYMLINK } from "../../domain/git-object.ts";
import { worktreePath } from "./worktree-path.ts";
import { EXAMPLE_SESSION, SESSION_ERRORS, SessionPlaceFields } from "./session-fields.ts";
import { EXPECTED_FILE_ERRORS, ExpectedFileField, expectSessionFile } from "./expect-session.ts";
import { blobOid } from "../../domain/blob-oid.ts";

const MODES = { "100644": MODE_BLOB, "100755": MODE_EXECUTABLE, "120000": MODE_SYMLINK } as const;

/** Writes a file of a session's worktree. It is on disk when this is answered, and committed when the session is. */
export const writeSessionFile = defineOperation({
  name: "writeSessionFile",
  summary: "Write a file of a worktree session",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      ...SessionPlaceFields,
      path: PathField("Path of the file; folders above it are made"),
      content: ContentField("What shall be in the file, byte for byte; of a symbolic link its target"),
      mode: Maybe(
        Type.Union([Type.Literal("100644"), Type.Literal("100755"), Type.Literal("120000")], {
          description: "Absent: as the file has it, 100644 for a new one",
        }),
      ),
      expectedOid: ExpectedFileField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      path: PathField(),
      mode: Type.String({ description: "100644, 100755, or 120000 for a symbolic link" }),
      size: Type.Integer({ description: "Length in bytes" }),
      oid: OidField("Id that these bytes have as a blob: what a later write expects"),
    },
    { additionalProperties: false, title: "WrittenWorktreeFile" },
  ),
  errors: [
    ...SESSION_ERRORS,
    ...EXPECTED_FILE_ERRORS,
    "invalid_path",
    "path_exists",
    "too_large",
    "invalid_input",
    "disk_full",
  ],
  examples: [
    {
      title: "A new file",
      input: { session: EXAMPLE_SESSION, path: "notes/today.md", content: Buffer.from("# Today\n") },
    },
  ],
  tool: { destructive: true },
  route: { method: "PUT", path: "/repos/:repo/sessions/:session/files", ifMatch: "expectedOid" },
  async run({ session: id, path, content, mode, expectedOid }, { repository, sessions, limits }) {
    const clean = worktreePath(path);
    const limitBytes = limits.blobBytesMax;
    if (content.length > limitBytes)
      throw new OperationError("too_large", { what: "file", sizeBytes: content.length, limitBytes });
    return await sessions.writing(
      repository,
      id,
      async (session) => {
        await expectSessionFile(session, clean, expectedOid, limitBytes);
        const written = await session.files.write(clean, content, mode === undefined ? undefined : MODES[mode]);
        return {
          path: clean,
          mode: formatMode(written.mode),
          size: written.size,
          oid: await blobOid(content, repository.objectFormat),
        };
      },
      { changes: "contents" },
    );
  },
});
