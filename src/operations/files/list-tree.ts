import type { OpenRepository } from "../../contract/context.ts";
import { ByteStringField, LimitField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { TreeEntryField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath, TreeEntry } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { entryAt } from "./entry-at.ts";
import { flatPaths } from "./flat-paths.ts";
import { resolveTree } from "./resolve-tree.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    revision: ByteStringField("Revision that leads to a tree"),
    path: Maybe(ByteStringField("Folder to list; absent: the root. A file has nothing below it")),
    recursive: Maybe(
      Type.Boolean({ description: "List what is in the folders below as well, each behind its folder" }),
    ),
    order: Maybe(Type.Union([Type.Literal("tree"), Type.Literal("trees-first")])),
    flatPaths: Maybe(Type.Boolean({ description: "Tell how far down each folder holds nothing but one folder" })),
    after: Maybe(ByteStringField("Path of the entry behind which the page begins")),
    afterOid: Maybe(OidField("The same by the entry's object: the first entry that has it")),
    limit: Maybe(LimitField),
  },
  { additionalProperties: false },
);

/** Entries that are sent together, and whose folders are looked into together. */
const BATCH_ENTRIES = 1024;

/** Lists a folder at a revision, paths counted from the root. */
export const listTree = defineOperation({
  name: "listTree",
  summary: "List a folder",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: Type.Object({
    entries: Type.Array(TreeEntryField),
    flatPaths: Maybe(Type.Array(ByteStringField("Deepest folder with nothing but one folder in each, by entry"))),
  }),
  errors: ["revision_not_found", "path_not_found", "page_token_not_found"],
  examples: [
    { title: "The root of main", input: { revision: "main" } },
    { title: "Everything below docs", input: { revision: "main", path: "docs", recursive: true } },
  ],
  async *run(input, { repository }) {
    const { git, view } = repository;
    const { path = "", recursive = false } = input;
    const tree = await findTree(repository, input.revision, path);
    if (tree === undefined) return;
    const prefix = path === "" ? {} : { prefix: `${path}/` };
    const listed = git.objects.listTree(view, tree, { recursive, ...prefix });
    const ordered = input.order === "trees-first" ? treesFirst(listed) : listed;
    for await (const entries of page(ordered, input)) {
      yield [input.flatPaths === true ? { entries, flatPaths: await flatPaths(repository, entries) } : { entries }];
    }
  },
});

/** The tree to list; undefined when the path is one of a file. */
async function findTree(repository: OpenRepository, revision: ByteString, path: GitPath): Promise<Oid | undefined> {
  const root = await resolveTree(repository, revision);
  if (root === undefined) throw new OperationError("revision_not_found", { revision });
  if (path === "") return root;
  const entry = await entryAt(repository, root, path);
  if (entry === undefined) throw new OperationError("path_not_found", { path });
  return entry.type === "tree" ? entry.oid : undefined;
}

async function* treesFirst(listed: AsyncIterable<TreeEntry[]>): AsyncGenerator<TreeEntry[]> {
  const byType: Record<TreeEntry["type"], TreeEntry[]> = { tree: [], blob: [], commit: [] };
  for await (const batch of listed) for (const entry of batch) byType[entry.type].push(entry);
  yield [...byType.tree, ...byType.blob, ...byType.commit];
}

interface Page {
  readonly after?: GitPath;
  readonly afterOid?: Oid;
  readonly limit?: number;
}

/** Leaves out what comes before the page, stops at its end, and keeps batches small. */
async function* page(
  listed: AsyncIterable<TreeEntry[]>,
  { after, afterOid, limit }: Page,
): AsyncGenerator<TreeEntry[]> {
  let begun = after === undefined && afterOid === undefined;
  let left = limit ?? Infinity;
  for await (const batch of listed) {
    let start = 0;
    if (!begun) {
      start = batch.findIndex(({ path, oid }) => (after === undefined ? oid === afterOid : path === after)) + 1;
      if (start === 0) continue;
      begun = true;
    }
    const end = Math.min(batch.length, start + left);
    left -= end - start;
    for (; start < end; start += BATCH_ENTRIES) {
      yield start === 0 && end === batch.length && end <= BATCH_ENTRIES
        ? batch
        : batch.slice(start, Math.min(end, start + BATCH_ENTRIES));
    }
    if (left === 0) return;
  }
  if (!begun) throw new OperationError("page_token_not_found", { token: after ?? afterOid ?? "" });
}
