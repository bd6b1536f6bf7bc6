import { ContentField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { MODE_BLOB, MODE_EXECUTABLE, MODE_GITLINK, MODE_SYMLINK } from "../../domain/git-object.ts";
import { changeFields, commitChanges, committedFields } from "../commits/commit-changes.ts";
import { CHANGE_ERRORS } from "./change-errors.ts";
import { ExpectedOidField, expectFile } from "./expect-file.ts";
import { strictPath } from "./strict-path.ts";

const MODES = { "100644": MODE_BLOB, "100755": MODE_EXECUTABLE, "120000": MODE_SYMLINK } as const;

const Input = Type.Object(
  {
    repository: RepositoryField,
    path: PathField("Path of the file; folders above it are made"),
    content: ContentField("What shall be in the file, byte for byte"),
    ...changeFields,
    mode: Maybe(
      Type.Union([Type.Literal("100644"), Type.Literal("100755"), Type.Literal("120000")], {
        description: "Absent: as the file has it, 100644 for a new one",
      }),
    ),
    expectedOid: ExpectedOidField,
  },
  { additionalProperties: false },
);

const Output = Type.Object(
  { ...committedFields, path: PathField(), oid: OidField("Id of the file's blob") },
  { additionalProperties: false },
);

/** Writes a file as a commit of its own. */
export const putFile = defineOperation({
  name: "putFile",
  summary: "Write a file",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Output,
  errors: [...CHANGE_ERRORS, "path_exists", "too_large"],
  examples: [
    {
      title: "A new file",
      input: { path: "notes/today.md", content: Buffer.from("# Today\n"), message: Buffer.from("notes: today") },
    },
  ],
  tool: { advice: "Commits one file straight to a branch; for more than one, open a session." },
  route: { method: "PUT", path: "/repos/:repo/files", ifMatch: "expectedOid" },
  async run({ content, mode, expectedOid, ...input }, ctx) {
    const path = strictPath(input.path);
    const limitBytes = ctx.limits.blobBytesMax;
    if (content.length > limitBytes)
      throw new OperationError("too_large", { what: "file", sizeBytes: content.length, limitBytes });
    let oid = "";
    const committed = await commitChanges(ctx, input, async (branch) => {
      await expectFile(branch, path, expectedOid);
      const { tree, quarantine } = branch;
      const standing = await tree.at(path);
      if (standing?.kind === "directory") throw new OperationError("path_exists", { path, type: "directory" });
      // What stands in a submodule's place is a commit of another repository; to put a file there it is deleted first.
      if (standing?.mode === MODE_GITLINK) throw new OperationError("path_exists", { path, type: "submodule" });
      const above = await tree.fileAbove(path);
      if (above !== undefined) throw new OperationError("path_exists", { path: above, type: "file" });
      oid = await ctx.repository.git.objects.write(quarantine.view, "blob", content);
      tree.put(path, mode === undefined ? (standing?.mode ?? MODE_BLOB) : MODES[mode], oid);
    });
    return { ...committed, path, oid };
  },
});
