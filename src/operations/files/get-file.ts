import type { Context } from "../../contract/context.ts";
import { ContentField, Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { formatMode, PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { type AtOnce, whenThere } from "../../domain/at-once.ts";
import { OperationError } from "../../domain/errors.ts";
import type { TreeEntry } from "../../domain/git-object.ts";
import { mayRevealHidden } from "../../domain/hidden-refs.ts";
import { Moment } from "../../domain/moment.ts";
import { isFullOid, type Oid } from "../../domain/oid.ts";
import { type OpenedFile, openFileAt } from "../blobs/read-blob.ts";
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
          const opened = openFile(input, ctx);
          const { output, blob } = opened instanceof Promise ? await opened : opened;
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

/** Looks for something below a commit or tree. */
type Find<T> = (treeish: Oid) => AtOnce<T | undefined>;

/** Looks below the revision. Throws `revision_not_found`, and `path_not_found` where nothing is found. */
function below<T>(input: FileInput, ctx: Context, find: Find<T>): AtOnce<T> {
  const { rev } = input;
  // An id needs no look for what it names: only where nothing is found it matters why.
  const found = rev !== undefined && isFullOid(rev) ? find(rev) : undefined;
  return whenThere(found, (found) => found ?? belowTree(input, ctx, find));
}

async function belowTree<T>({ rev = "HEAD", path }: FileInput, { repository }: Context, find: Find<T>): Promise<T> {
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

async function oidOfFile(input: FileInput, ctx: Context): Promise<Oid> {
  const oidIn = (entry: TreeEntry | undefined) => (entry?.type === "blob" ? entry.oid : undefined);
  return below(input, ctx, (treeish) => whenThere(entryAt(ctx.repository, treeish, input.path), oidIn));
}

function openFile(input: FileInput, ctx: Context) {
  const { path } = input;
  const blobIn = (file: OpenedFile | undefined) => file?.blob && { entry: file.entry, blob: file.blob };
  const found = below(input, ctx, (treeish) => whenThere(openFileAt(ctx.repository, treeish, path), blobIn));
  return whenThere(found, ({ entry, blob }) => {
    const { size } = blob;
    const limitBytes = ctx.limits.blobBytesMax;
    if (size > limitBytes) throw new OperationError("too_large", { what: "file", sizeBytes: size, limitBytes });
    return { output: { path, oid: entry.oid, mode: formatMode(entry.mode), size }, blob };
  });
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
