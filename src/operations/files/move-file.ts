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
    path: PathField("Where the file is"),
    newPath: PathField("Where it shall be; nothing may be there"),
    ...changeFields,
    expectedOid: ExpectedOidField,
  },
  { additionalProperties: false },
);

/** Moves a file as a commit of its own. */
export const moveFile = defineOperation({
  name: "moveFile",
  summary: "Move a file",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Committed,
  errors: [...CHANGE_ERRORS, "path_not_found", "path_exists"],
  examples: [
    { title: "The read-me", input: { path: "README.md", newPath: "docs/README.md", message: Buffer.from("Move") } },
  ],
  route: { method: "POST", path: "/repos/:repo/files/move", ifMatch: "expectedOid" },
  async run({ expectedOid, ...input }, ctx) {
    const [path, newPath] = [strictPath(input.path), strictPath(input.newPath)];
    return commitChanges(ctx, input, async (branch) => {
      const { tree } = branch;
      await expectFile(branch, path, expectedOid);
      const file = await tree.at(path);
      if (file?.kind !== "file") throw new OperationError("path_not_found", { path });
      const standing = await tree.at(newPath);
      if (standing !== undefined) throw new OperationError("path_exists", { path: newPath, type: standing.kind });
      tree.remove(path);
      const above = await tree.fileAbove(newPath);
      if (above !== undefined) throw new OperationError("path_exists", { path: above, type: "file" });
      tree.put(newPath, file.mode, file.oid);
    });
  },
});
