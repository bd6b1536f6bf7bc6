import { ContentField, ExpectedOldField, Maybe, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { PathField } from "../../contract/management-nouns.ts";
import type { Context } from "../../contract/context.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { MODE_BLOB, MODE_EXECUTABLE, MODE_GITLINK } from "../../domain/git-object.ts";
import { isFullOid } from "../../domain/oid.ts";
import { CHANGE_ERRORS } from "../files/change-errors.ts";
import { strictPath } from "../files/strict-path.ts";
import { changeFields, type ChangedBranch, commitChanges, Committed } from "./commit-changes.ts";

const ACTIONS_MAX = 10_000;

const path = PathField();
const executable = Maybe(Type.Boolean({ description: "May the file be run?" }));
const content = ContentField("What shall be in the file, byte for byte");
const strict = { additionalProperties: false };

const Action = Type.Union(
  [
    Type.Object({ action: Type.Literal("create"), path, content, executable }, strict),
    Type.Object({ action: Type.Literal("update"), path, content, executable }, strict),
    Type.Object({ action: Type.Literal("delete"), path }, strict),
    Type.Object(
      { action: Type.Literal("move"), path, newPath: PathField("Where it shall be"), content: Maybe(content) },
      strict,
    ),
    Type.Object({ action: Type.Literal("chmod"), path, executable: Type.Boolean() }, strict),
  ],
  { description: "One change; they are made in their order" },
);

const Input = Type.Object(
  {
    repository: RepositoryField,
    ...changeFields,
    actions: Type.Array(Action, { maxItems: ACTIONS_MAX, description: "Changes to files; none makes an empty commit" }),
    expectedOid: Maybe(ExpectedOldField("What the branch must point to; zeros for one that must not exist")),
  },
  { additionalProperties: false },
);

/** Makes one commit from changes to many files. */
export const createCommit = defineOperation({
  name: "createCommit",
  summary: "Commit changes to files",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Committed,
  errors: [...CHANGE_ERRORS, "path_not_found", "path_exists", "too_large"],
  examples: [
    {
      title: "Two files at once",
      input: {
        message: Buffer.from("Add a guide"),
        actions: [
          { action: "create", path: "guide/index.md", content: Buffer.from("# Guide\n") },
          { action: "update", path: "README.md", content: Buffer.from("See guide/\n") },
        ],
      },
    },
  ],
  tool: {
    advice:
      "Several files in one commit, straight to a branch and without a session; expected_old refuses when the branch has moved.",
  },
  route: { method: "POST", path: "/repos/:repo/commits", status: 201, ifMatch: "expectedOid" },
  async run({ actions, expectedOid, ...input }, ctx) {
    if (expectedOid !== undefined && !isFullOid(expectedOid))
      throw new OperationError("invalid_object_id", { value: expectedOid, field: "expectedOid" });
    return commitChanges(
      ctx,
      input,
      async (branch) => {
        for (const action of actions) await apply(action, branch, ctx);
      },
      expectedOid,
    );
  },
});

async function apply(action: Static<typeof Action>, branch: ChangedBranch, ctx: Context): Promise<void> {
  const { tree, quarantine } = branch;
  const path = strictPath(action.path);
  const write = (bytes: Uint8Array) => {
    const limitBytes = ctx.limits.blobBytesMax;
    if (bytes.length > limitBytes)
      throw new OperationError("too_large", { what: "file", sizeBytes: bytes.length, limitBytes });
    return ctx.repository.git.objects.write(quarantine.view, "blob", bytes);
  };
  const standing = await tree.at(path);
  if (action.action === "create") {
    if (standing !== undefined) throw new OperationError("path_exists", { path, type: standing.kind });
    await checkNoFileAbove(branch, path);
    tree.put(path, action.executable === true ? MODE_EXECUTABLE : MODE_BLOB, await write(action.content));
    return;
  }
  if (action.action === "delete") {
    if (standing === undefined) throw new OperationError("path_not_found", { path });
    tree.remove(path);
    return;
  }
  if (standing?.kind !== "file") throw new OperationError("path_not_found", { path });
  switch (action.action) {
    case "update": {
      if (standing.mode === MODE_GITLINK) throw new OperationError("path_not_found", { path });
      const isPlain = standing.mode === MODE_BLOB || standing.mode === MODE_EXECUTABLE;
      const mode = action.executable === undefined || !isPlain ? standing.mode : modeOf(action.executable);
      tree.put(path, mode, await write(action.content));
      return;
    }
    case "move": {
      const newPath = strictPath(action.newPath);
      if (action.content !== undefined && standing.mode === MODE_GITLINK)
        throw new OperationError("path_not_found", { path });
      const there = await tree.at(newPath);
      if (there !== undefined) throw new OperationError("path_exists", { path: newPath, type: there.kind });
      const oid = action.content === undefined ? standing.oid : await write(action.content);
      tree.remove(path);
      await checkNoFileAbove(branch, newPath);
      tree.put(newPath, standing.mode, oid);
      return;
    }
    case "chmod":
      // Only plain files have the bit; a symbolic link or submodule stays what it is.
      if (standing.mode === MODE_BLOB || standing.mode === MODE_EXECUTABLE)
        tree.put(path, modeOf(action.executable), standing.oid);
  }
}

async function checkNoFileAbove({ tree }: ChangedBranch, path: string): Promise<void> {
  const above = await tree.fileAbove(path);
  if (above !== undefined) throw new OperationError("path_exists", { path: above, type: "file" });
}

const modeOf = (executable: boolean) => (executable ? MODE_EXECUTABLE : MODE_BLOB);
