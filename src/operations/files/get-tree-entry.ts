import type { OpenRepository } from "../../contract/context.ts";
import { BytesField, ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { TreeEntryField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { isOid } from "../../domain/oid.ts";
import { type OpenedFile, openFileAt } from "../blobs/read-blob.ts";
import { resolveTree } from "./resolve-tree.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    revision: ByteStringField("Revision that leads to a tree"),
    path: ByteStringField("Path in that tree"),
    bytesMax: Maybe(Type.Integer({ minimum: 0, description: "Bytes to read at most; absent: all" })),
    sizeMax: Maybe(Type.Integer({ minimum: 0, description: "Fail when the object is larger" })),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  entry: Maybe(TreeEntryField),
  size: Maybe(Type.Integer({ description: "Length of the whole object; absent for a submodule" })),
  data: BytesField("A piece of a blob's content"),
});

const NOTHING = new Uint8Array();

/** Reads what a path holds at a revision, in pieces; the first one tells what it is. */
export const getTreeEntry = defineOperation({
  name: "getTreeEntry",
  summary: "Read a file",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: Output,
  errors: ["revision_not_found", "path_not_found", "too_large"],
  examples: [{ title: "A file of main", input: { revision: "main", path: "README.md" } }],
  async *run({ revision, path, bytesMax, sizeMax }, { repository }) {
    const { entry, blob } = await find(repository, revision, path, bytesMax);
    if (entry.type === "commit") {
      yield [{ entry, data: NOTHING }];
      return;
    }
    if (entry.type === "tree") {
      const info = await repository.git.objects.info(repository.view, entry.oid);
      if (info === undefined) throw new OperationError("path_not_found", { path });
      checkSize(info.size, sizeMax);
      yield [{ entry, size: info.size, data: NOTHING }];
      return;
    }
    if (blob === undefined) throw new OperationError("path_not_found", { path });
    const { size, content } = blob;
    checkSize(size, sizeMax);
    if (content !== undefined) {
      yield [{ entry, size, data: content }];
      return;
    }
    let first = true;
    for await (const data of blob.pieces()) {
      yield [first ? { entry, size, data } : { data }];
      first = false;
    }
  },
});

async function find(
  repository: OpenRepository,
  revision: ByteString,
  path: GitPath,
  bytesMax: number | undefined,
): Promise<OpenedFile> {
  if (isOid(revision, repository.objectFormat)) {
    // The id of a commit or tree needs no look-up of names.
    const file = await openFileAt(repository, revision, path, bytesMax);
    if (file !== undefined) return file;
  }
  const tree = await resolveTree(repository, revision);
  if (tree === undefined) throw new OperationError("revision_not_found", { revision });
  const file = await openFileAt(repository, tree, path, bytesMax);
  if (file === undefined) throw new OperationError("path_not_found", { path });
  return file;
}

function checkSize(sizeBytes: number, limitBytes: number | undefined): void {
  if (limitBytes !== undefined && sizeBytes > limitBytes)
    throw new OperationError("too_large", { what: "object", sizeBytes, limitBytes });
}
