import { BytesField, ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid } from "../../domain/oid.ts";
import { openBlob } from "./read-blob.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    blob: ByteStringField("Id of the blob, or any revision that names it, such as main:README.md"),
    bytesMax: Maybe(Type.Integer({ minimum: 0, description: "Bytes to read at most; absent: all" })),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  oid: Maybe(OidField("Id of the blob; in the first piece")),
  size: Maybe(Type.Integer({ description: "Length of the whole blob; in the first piece" })),
  data: BytesField("A piece of the content"),
});

/** Reads a blob in pieces; the first one tells what it is. */
export const getBlob = defineOperation({
  name: "getBlob",
  summary: "Read a blob",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: Output,
  errors: ["object_not_found"],
  examples: [{ title: "The first bytes of a file", input: { blob: "main:README.md", bytesMax: 100 } }],
  async *run({ blob, bytesMax }, { repository }) {
    const { git, view, objectFormat } = repository;
    const oid = isOid(blob, objectFormat) ? blob : await git.objects.resolve(view, blob, "object");
    const opened = oid === undefined ? undefined : await openBlob(repository, oid, bytesMax);
    if (opened === undefined) throw new OperationError("object_not_found", { oid: oid ?? blob });
    const { size, content } = opened;
    if (content !== undefined) {
      yield [{ oid: opened.oid, size, data: content }];
      return;
    }
    let first = true;
    for await (const data of opened.pieces()) {
      yield [first ? { oid: opened.oid, size, data } : { data }];
      first = false;
    }
  },
});
