import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { type FileMode, MODE_TREE, type TreeEdit, typeOfMode } from "../../domain/git-object.ts";
import { OID_HEX_LENGTH, type Oid } from "../../domain/oid.ts";
import type { QuarantinedView } from "../backend.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import { OutputReader } from "./output-reader.ts";
import { parseTree } from "../parse-tree.ts";
import type { GitRunner } from "./run-git.ts";

/** Folders within folders that an edit may reach, as deep as git's own limit of a path allows. */
const DEPTH_MAX = 2048;

interface Leaf {
  readonly mode: FileMode;
  readonly oid: Oid;
}

/** A folder that edits touch: what it was, and what its names become. */
interface Folder {
  /** Whether what the tree had at this place stays, save for the names below. */
  readonly inherits: boolean;
  readonly names: Map<ByteString, Folder | Leaf | "removed">;
}

const isFolder = (node: Folder | Leaf | "removed" | undefined): node is Folder =>
  typeof node === "object" && "names" in node;

/** Writes the trees that result from edits of a tree, bottom up through one `mktree` process (git-mktree(1)). */
export async function editTree(
  runner: GitRunner,
  pool: CatFilePool,
  view: QuarantinedView,
  base: Oid | undefined,
  edits: readonly TreeEdit[],
): Promise<Oid> {
  const root: Folder = { inherits: true, names: new Map() };
  for (const edit of edits) place(root, edit);
  return await pool.use(view, async (process) => {
    const entriesOf = async (tree: Oid): Promise<Map<ByteString, Leaf>> => {
      const object = await process.contents(`${tree}^{tree}`, runner.limits.objectBytesMax);
      if (object === undefined) throw new OperationError("object_not_found", { oid: tree });
      const entries = parseTree(object.content, OID_HEX_LENGTH[view.objectFormat] / 2);
      return new Map([...entries].map(({ path, mode, oid }) => [path, { mode, oid }]));
    };
    const started = await runner.start(view, { command: "makeTrees" }, { stdin: true });
    const output = new OutputReader(started.child.stdout);
    const makeTree = async (entries: Map<ByteString, Leaf>): Promise<Oid> => {
      const records = [...entries].map(
        ([name, { mode, oid }]) => `${mode.toString(8).padStart(6, "0")} ${typeOfMode(mode)} ${oid}\t${name}\0`,
      );
      // An empty record ends one tree of the batch.
      started.child.stdin.write(Buffer.from(`${records.join("")}\0`, "latin1"));
      const oid = await output.line();
      if (oid === undefined) {
        await started.finish();
        throw new OperationError("git_failed", { command: "mktree", exitCode: 0 });
      }
      return oid;
    };
    try {
      const tree = (await write(root, base, entriesOf, makeTree)) ?? (await makeTree(new Map()));
      started.child.stdin.end();
      await started.finish();
      return tree;
    } finally {
      await started.dispose();
    }
  });
}

/** Notes an edit in the plan; a later edit of the same path wins, and a file takes the place of a folder. */
function place(root: Folder, edit: TreeEdit): void {
  const parts = edit.path.split("/");
  if (parts.length > DEPTH_MAX || parts.includes("") || edit.path.includes("\0")) {
    throw new OperationError("invalid_path", {
      path: edit.path,
      problem: parts.length > DEPTH_MAX ? "too_long" : "invalid",
    });
  }
  const name = parts.pop()!;
  let folder = root;
  for (const part of parts) {
    let next = folder.names.get(part);
    if (!isFolder(next)) {
      // Removing below what has been replaced or removed changes nothing.
      if ("remove" in edit && next !== undefined) return;
      next = { inherits: next === undefined, names: new Map() };
      folder.names.set(part, next);
    }
    folder = next;
  }
  folder.names.set(name, "remove" in edit ? "removed" : { mode: edit.mode, oid: edit.oid });
}

/** Writes a folder and what is below it; undefined when nothing is left in it. */
async function write(
  folder: Folder,
  base: Oid | undefined,
  entriesOf: (tree: Oid) => Promise<Map<ByteString, Leaf>>,
  makeTree: (entries: Map<ByteString, Leaf>) => Promise<Oid>,
): Promise<Oid | undefined> {
  const entries = base === undefined ? new Map<ByteString, Leaf>() : await entriesOf(base);
  for (const [name, node] of folder.names) {
    if (!isFolder(node)) {
      if (node === "removed") entries.delete(name);
      else entries.set(name, node);
      continue;
    }
    const before = node.inherits ? entries.get(name) : undefined;
    const isTree = before?.mode === MODE_TREE;
    // Removals below something that is no folder leave it as it is.
    if (before !== undefined && !isTree && onlyRemoves(node)) continue;
    const tree = await write(node, isTree ? before.oid : undefined, entriesOf, makeTree);
    if (tree === undefined) entries.delete(name);
    else entries.set(name, { mode: MODE_TREE, oid: tree });
  }
  return entries.size === 0 ? undefined : await makeTree(entries);
}

function onlyRemoves(folder: Folder): boolean {
  return [...folder.names.values()].every((node) => (isFolder(node) ? onlyRemoves(node) : node === "removed"));
}
