import { RepositoryField, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { changeFields, commitChanges, Committed } from "../commits/commit-changes.ts";
import { CHANGE_ERRORS } from "./change-errors.ts";
import { ExpectedOidField, expectFile } from "./expect-file.ts";
import { strictPath } from "./strict-path.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    path: PathField("A file, or a folder with all that is in it"),
    ...changeFields,
    expectedOid: ExpectedOidField,
  },
  { additionalProperties: false },
);

/** Deletes a file or a folder as a commit of its own. */
export const deleteFile = defineOperation({
  name: "deleteFile",
  summary: "Delete a file or a folder",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Committed,
  errors: [...CHANGE_ERRORS, "path_not_found"],
  examples: [{ title: "The read-me", input: { path: "README.md", message: Buffer.from("No read-me") } }],
  tool: { destructive: false },
  route: { method: "DELETE", path: "/repos/:repo/files", ifMatch: "expectedOid" },
  async run({ expectedOid, ...input }, ctx) {
    const path = strictPath(input.path);
    return commitChanges(ctx, input, async (branch) => {
      await expectFile(branch, path, expectedOid);
      if ((await branch.tree.at(path)) === undefined) throw new OperationError("path_not_found", { path });
      branch.tree.remove(path);
    });
  },
});
