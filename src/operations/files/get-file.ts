import type { Context } from "../../contract/context.ts";
import { ContentField, Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { formatMode, PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { mayRevealHidden } from "../../domain/hidden-refs.ts";
import { Moment } from "../../domain/moment.ts";
import { isFullOid, type Oid } from "../../domain/oid.ts";
import { openFileAt } from "../blobs/read-blob.ts";
import { entryAt } from "./entry-at.ts";
import { resolveTree } from "./resolve-tree.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    rev: Maybe(RevField("Revision; the default branch when absent")),
    path: PathField("Path of the file"),
  },
  { additionalProperties: false },
);

const Output = Type.Object(
  {
    path: PathField(),
    oid: OidField("Id of the blob"),
    mode: Type.String({ description: "100644, 100755, or 120000 for a symbolic link" }),
    size: Type.Integer({ description: "Length in bytes" }),
    content: ContentField("What is in the file; of a symbolic link its target"),
  },
  { additionalProperties: false },
);

/** Reads a file at a revision. */
export const getFile = defineOperation({
  name: "getFile",
  summary: "Read a file",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: Output,
  errors: ["revision_not_found", "path_not_found", "too_large"],
  examples: [{ title: "A file of main", input: { rev: "main", path: "README.md" } }],
  tool: {
    name: "get_blob",
    isDefault: true,
    advice:
      "Reads a file of a branch, tag or commit; what a session has changed is read by read_worktree_file. Large files come in parts: give next_cursor as cursor, or ask for lines.",
  },
  route: {
    method: "GET",
    path: "/repos/:repo/blob",
    etag: "oid",
    tag: oidOfFile,
    content: {
      field: "content",
      type: () => "application/octet-stream",
      large: {
        beginning: async (input: FileInput, ctx: Context) => {
          const { output, blob } = await openFile(input, ctx);
          return blob.content === undefined ? output : { ...output, content: blob.content };
        },
        async *pieces(input: FileInput, ctx: Context) {
          const { output, blob } = await openFile(input, ctx);
          yield output;
          yield* blob.pieces();
        },
        size: ({ size }: { size: number }) => size,
      },
    },
    isImmutable: ({ rev }: FileInput) => rev !== undefined && isFullOid(rev),
  },
  async run(input, ctx) {
    const { output, blob } = await openFile(input, ctx);
    return { ...output, content: blob.content ?? (await whole(blob.pieces(), output.size)) };
  },
});

type FileInput = Static<typeof Input>;

/** Many who read one revision at once look for its tree once. */
const trees = new Moment<Promise<Oid | undefined>>();

/** Looks below the revision's tree with `find`. Throws `revision_not_found`, and `path_not_found` where it finds nothing. */
async function below<T>(
  { rev = "HEAD", path }: FileInput,
  { repository }: Context,
  find: (treeish: Oid) => Promise<T | undefined>,
): Promise<T> {
  // An id needs no look for what it names: only where nothing is found it matters why.
  const found = isFullOid(rev) ? await find(rev) : undefined;
  if (found !== undefined) return found;
  const look = () => resolveTree(repository, rev);
  // Whoever looked first may have given up, or see more than others do: then everybody looks himself.
  const tree = mayRevealHidden(rev)
    ? await look()
    : await trees.of(`${repository.view.gitDir}\0${rev}`, look).catch(look);
  if (tree === undefined) throw new OperationError("revision_not_found", { revision: rev });
  const foundBelow = await find(tree);
  if (foundBelow === undefined) throw new OperationError("path_not_found", { path });
  return foundBelow;
}

function oidOfFile(input: FileInput, ctx: Context): Promise<Oid> {
  return below(input, ctx, async (treeish) => {
    const entry = await entryAt(ctx.repository, treeish, input.path);
    return entry?.type === "blob" ? entry.oid : undefined;
  });
}

async function openFile(input: FileInput, ctx: Context) {
  const { path } = input;
  const { entry, blob } = await below(input, ctx, async (treeish) => {
    const file = await openFileAt(ctx.repository, treeish, path);
    return file?.blob && { entry: file.entry, blob: file.blob };
  });
  const { size } = blob;
  const limitBytes = ctx.limits.blobBytesMax;
  if (size > limitBytes) throw new OperationError("too_large", { what: "file", sizeBytes: size, limitBytes });
  return { output: { path, oid: entry.oid, mode: formatMode(entry.mode), size }, blob };
}

async function whole(pieces: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const content = Buffer.allocUnsafe(size);
  let at = 0;
  for await (const piece of pieces) {
    content.set(piece, at);
    at += piece.length;
  }
  return content;
}
