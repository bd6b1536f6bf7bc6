import type { GitTreeEntry } from "../domain/tree-entry.ts";
import { NotFoundError } from "../errors.ts";
import type { PathAt, TreeAt } from "../requests.ts";
import { type ByteString, toByteString, toText } from "./byte-string.ts";
import { MODE_TREE, type TreeItem } from "./git-object.ts";
import type { MemoryRepository } from "./memory-repository.ts";
import type { ObjectStore } from "./object-store.ts";

/** Servers follow a chain of single folders no further. */
const FLAT_PATH_HOPS_MAX = 9;

/** Where trees are read. */
type Trees = Pick<MemoryRepository, "objects" | "treeAt">;

/** The entries of a folder, in Git's order; with `recursive` each folder comes before what is in it. */
export function* treeEntries(repository: Trees, request: TreeAt): Generator<GitTreeEntry> {
  const { objects } = repository;
  const root = repository.treeAt(request.revision);
  const path = folderPath(request.path ?? "");
  const item = path === "" ? { mode: MODE_TREE, id: root } : itemAt(objects, root, path);
  if (item?.mode !== MODE_TREE) throw pathNotFound(request.revision, request.path ?? "");
  yield* entriesBelow(objects, item.id, path === "" ? "" : `${path}/`, request.recursive === true);
}

function* entriesBelow(
  objects: ObjectStore,
  treeId: string,
  prefix: ByteString,
  recursive: boolean,
): Generator<GitTreeEntry> {
  for (const { name, mode, id } of objects.tree(treeId)) {
    const path = prefix + name;
    const isFolder = mode === MODE_TREE;
    const flatPath = isFolder && !recursive ? flatPathOf(objects, path, id) : path;
    yield { oid: id, path: toText(path), type: isFolder ? "tree" : "blob", mode, flatPath: toText(flatPath) };
    if (isFolder && recursive) yield* entriesBelow(objects, id, `${path}/`, true);
  }
}

function flatPathOf(objects: ObjectStore, path: ByteString, treeId: string): ByteString {
  let flatPath = path;
  let id = treeId;
  for (let hops = 0; hops < FLAT_PATH_HOPS_MAX; hops++) {
    const items = objects.tree(id);
    const [only] = items;
    if (items.length !== 1 || only?.mode !== MODE_TREE) break;
    flatPath += `/${only.name}`;
    id = only.id;
  }
  return flatPath;
}

/** The content of a file, as it is kept: copy it before handing it out. */
export function blobAt(repository: Trees, { revision, path }: PathAt): Uint8Array {
  const { objects } = repository;
  const item = itemAt(objects, repository.treeAt(revision), folderPath(path));
  if (item === undefined || item.mode === MODE_TREE) throw pathNotFound(revision, path);
  return objects.blob(item.id);
}

/** What stands at a path below a tree. */
export function itemAt(objects: ObjectStore, treeId: string, path: ByteString): TreeItem | undefined {
  let item: TreeItem | undefined;
  let at: string | undefined = treeId;
  for (const name of path.split("/")) {
    if (at === undefined) return undefined;
    item = objects.tree(at).find((one) => one.name === name);
    at = item?.mode === MODE_TREE ? item.id : undefined;
  }
  return item;
}

/** `.` is the root, and a slash at the end says nothing. */
function folderPath(path: string): ByteString {
  const bytes = toByteString(path).replace(/\/+$/, "");
  return bytes === "." ? "" : bytes;
}

function pathNotFound(revision: string, path: string): NotFoundError {
  const facts = { code: "NOT_FOUND", detail: { kind: "path_not_found", path } } as const;
  return new NotFoundError(`there is no ${path} at ${revision}`, facts);
}
