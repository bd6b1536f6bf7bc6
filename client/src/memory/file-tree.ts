import type { ByteString } from "./byte-string.ts";
import { MODE_TREE, type TreeItem } from "./git-object.ts";
import type { ObjectStore } from "./object-store.ts";

/** What is not a folder: a file, a symbolic link, a submodule. */
export interface FileNode {
  readonly kind: "file";
  readonly mode: number;
  readonly id: string;
}

interface FolderNode {
  readonly kind: "folder";
  /** The stored tree that it is read from when somebody looks, and is still equal to unless it was read. */
  readonly id: string;
  children?: Map<ByteString, Node>;
}

type Node = FileNode | FolderNode;

/** A tree under edit; folders are read where an edit looks, and empty ones vanish. */
export class FileTree {
  readonly #objects: ObjectStore;
  readonly #root: FolderNode;

  constructor(objects: ObjectStore, treeId: string) {
    this.#objects = objects;
    this.#root = { kind: "folder", id: treeId };
  }

  /** What stands at a path. */
  at(path: ByteString): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split("/")) {
      if (node?.kind !== "folder") return undefined;
      node = this.#children(node).get(name);
    }
    return node?.kind === "folder" && !this.#holdsFile(node) ? undefined : node;
  }

  /** The path of a file that stands where a folder above the path has to be. */
  fileAbove(path: ByteString): ByteString | undefined {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      const above = path.slice(0, slash);
      if (this.at(above)?.kind === "file") return above;
    }
    return undefined;
  }

  /** Puts a file at a path, in place of whatever stands there. */
  put(path: ByteString, mode: number, id: string): void {
    const names = path.split("/");
    const name = names.pop()!;
    let folder = this.#root;
    for (const above of names) {
      const children = this.#children(folder);
      let next = children.get(above);
      if (next?.kind !== "folder") {
        next = { kind: "folder", id: this.#objects.emptyTreeId };
        children.set(above, next);
      }
      folder = next;
    }
    this.#children(folder).set(name, { kind: "file", mode, id });
  }

  /** Takes away a file or a folder. */
  remove(path: ByteString): void {
    const names = path.split("/");
    const name = names.pop()!;
    let node: Node | undefined = this.#root;
    for (const above of names) node = node?.kind === "folder" ? this.#children(node).get(above) : undefined;
    if (node?.kind === "folder") this.#children(node).delete(name);
  }

  /** Stores the tree as it is now. */
  write(): string {
    return this.#write(this.#root);
  }

  #write(folder: FolderNode): string {
    if (folder.children === undefined) return folder.id;
    const items: TreeItem[] = [];
    for (const [name, node] of folder.children) {
      if (node.kind === "file") items.push({ name, mode: node.mode, id: node.id });
      else {
        const id = this.#write(node);
        if (id !== this.#objects.emptyTreeId) items.push({ name, mode: MODE_TREE, id });
      }
    }
    return this.#objects.writeTree(items);
  }

  #children(folder: FolderNode): Map<ByteString, Node> {
    folder.children ??= new Map(
      this.#objects
        .tree(folder.id)
        .map(({ name, mode, id }): [ByteString, Node] => [
          name,
          mode === MODE_TREE ? { kind: "folder", id } : { kind: "file", mode, id },
        ]),
    );
    return folder.children;
  }

  #holdsFile(folder: FolderNode): boolean {
    if (folder.children === undefined) return folder.id !== this.#objects.emptyTreeId;
    return [...folder.children.values()].some((node) => node.kind === "file" || this.#holdsFile(node));
  }
}
