import { Maybe, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { FileField, fileOf, PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeCursor, encodeCursor, pageFields, PageOf } from "../../contract/page.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import { entryAt } from "./entry-at.ts";
import { resolveTree } from "./resolve-tree.ts";

const LIMIT_MAX = 100_000;

const Input = Type.Object(
  {
    repository: RepositoryField,
    rev: Maybe(RevField("Revision; the default branch when absent")),
    path: Maybe(PathField("Folder; the root when absent")),
    recursive: Maybe(Type.Boolean({ description: "What is in the folders below as well, each behind its folder" })),
    ...pageFields(LIMIT_MAX),
  },
  { additionalProperties: false },
);

const Output = PageOf(FileField, "Entries in git's order");

/** Lists a folder, page by page; the pages of one list are of one commit, wherever the branch goes meanwhile. */
export const listFiles = defineOperation({
  name: "listFiles",
  summary: "List the files of a folder",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: Output,
  errors: ["revision_not_found", "path_not_found", "page_token_not_found"],
  examples: [
    { title: "The root of the default branch", input: {} },
    { title: "Everything below docs", input: { rev: "main", path: "docs", recursive: true } },
  ],
  tool: { isDefault: true, advice: "One folder, or with recursive: true all below it." },
  route: { method: "GET", path: "/repos/:repo/files" },
  async run({ rev = "HEAD", path = "", recursive = false, limit = LIMIT_MAX, cursor }, { repository }) {
    const { git, view } = repository;
    const state = cursor === undefined ? undefined : stateOf(cursor, repository);
    const tree = state?.tree ?? (await folderAt(repository, rev, path));
    const prefix = path === "" ? {} : { prefix: `${path}/` };
    const items: Static<typeof FileField>[] = [];
    let skip = state?.skip ?? 0;
    let taken = 0;
    for await (const batch of git.objects.listTree(view, tree, { recursive, ...prefix })) {
      const begin = Math.min(skip, batch.length);
      skip -= begin;
      for (let at = begin; at < batch.length; at++) {
        if (taken === limit) {
          const behind = (state?.skip ?? 0) + taken;
          return { items, nextCursor: encodeCursor({ tree, skip: behind }) };
        }
        items.push(fileOf(batch[at]!));
        taken++;
      }
    }
    return { items, nextCursor: null };
  },
});

function stateOf(cursor: string, { objectFormat }: OpenRepository): { tree: Oid; skip: number } {
  const { tree, skip } = decodeCursor(cursor, ["tree", "skip"]);
  if (!isOid(tree, objectFormat) || !/^\d{1,9}$/.test(skip))
    throw new OperationError("page_token_not_found", { token: cursor });
  return { tree, skip: Number(skip) };
}

/** The folder's tree. Throws `revision_not_found`, and `path_not_found` also for a file. */
async function folderAt(repository: OpenRepository, rev: string, path: string): Promise<Oid> {
  const root = await resolveTree(repository, rev);
  if (root === undefined) throw new OperationError("revision_not_found", { revision: rev });
  if (path === "") return root;
  const entry = await entryAt(repository, root, path);
  if (entry?.type !== "tree") throw new OperationError("path_not_found", { path });
  return entry.oid;
}
