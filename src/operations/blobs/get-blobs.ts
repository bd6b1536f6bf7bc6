import { BytesField, ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { TreeEntryField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { ByteString } from "../../domain/bytes.ts";
import type { TreeEntry } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { entryAt } from "../files/entry-at.ts";
import { resolveTree } from "../files/resolve-tree.ts";
import { openBlob } from "./read-blob.ts";

const File = Type.Object(
  { revision: ByteStringField("Revision that leads to a tree"), path: ByteStringField("Path in that tree") },
  { additionalProperties: false },
);

const Input = Type.Object(
  {
    repository: RepositoryField,
    files: Type.Array(File, { minItems: 1, description: "What to read, in this order" }),
    bytesMax: Maybe(Type.Integer({ minimum: 0, description: "Bytes to read at most of each file; absent: all" })),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  file: Maybe(Type.Integer({ description: "Index of the file that begins with this piece" })),
  entry: Maybe(TreeEntryField),
  size: Maybe(Type.Integer({ description: "Length of the whole object; absent for a submodule" })),
  data: BytesField("A piece of a blob's content"),
});

const NOTHING = new Uint8Array();

/** Reads files by revision and path, in pieces. Each file begins a piece; one without entry does not exist. */
export const getBlobs = defineOperation({
  name: "getBlobs",
  summary: "Read files",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: Output,
  errors: [],
  examples: [
    {
      title: "Two files",
      input: {
        files: [
          { revision: "main", path: "a" },
          { revision: "main~1", path: "b" },
        ],
      },
    },
  ],
  async *run({ files, bytesMax }, { repository }) {
    const trees = await resolveTrees(repository, new Set(files.map(({ revision }) => revision)));
    for (const [file, { revision, path }] of files.entries()) {
      const tree = trees.get(revision);
      const entry = tree === undefined ? undefined : await entryAt(repository, tree, path);
      if (entry?.type === "blob") yield* readFile(repository, file, entry, bytesMax);
      else if (entry === undefined) yield [{ file, data: NOTHING }];
      else if (entry.type === "commit") yield [{ file, entry, data: NOTHING }];
      else {
        const info = await repository.git.objects.info(repository.view, entry.oid);
        yield [info === undefined ? { file, data: NOTHING } : { file, entry, size: info.size, data: NOTHING }];
      }
    }
  },
});

/** Resolves every revision once, at one moment. */
function resolveTrees(
  repository: OpenRepository,
  revisions: ReadonlySet<ByteString>,
): Promise<Map<ByteString, Oid | undefined>> {
  return repository.consistently(async () => {
    const trees = new Map<ByteString, Oid | undefined>();
    for (const revision of revisions) trees.set(revision, await resolveTree(repository, revision));
    return trees;
  });
}

async function* readFile(repository: OpenRepository, file: number, entry: TreeEntry, bytesMax: number | undefined) {
  const blob = await openBlob(repository, entry.oid, bytesMax);
  if (blob === undefined) {
    yield [{ file, data: NOTHING }];
    return;
  }
  let first = true;
  for await (const data of blob.pieces()) {
    yield [first ? { file, entry, size: blob.size, data } : { data }];
    first = false;
  }
}
