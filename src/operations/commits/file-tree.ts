import type { ObjectsFacet, RepositoryView } from "../../backend/backend.ts";
import { type FileMode, type GitPath, MODE_SYMLINK, type TreeEdit } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { checkLinkPath } from "./file-path.ts";

/** What stands at a path: a file-like entry (blob, symbolic link or submodule), a directory, or nothing. */
export type Standing =
  | { readonly kind: "file"; readonly mode: FileMode; readonly oid: Oid }
  | { readonly kind: "directory" }
  | undefined;

interface Node {
  /** A file put here by an edit. */
  file?: { mode: FileMode; oid: Oid };
  /** What the base tree has here and below is gone. */
  baseHidden: boolean;
  readonly children: Map<string, Node>;
}

const newNode = (): Node => ({ baseHidden: false, children: new Map() });

/** A tree under edit: what actions did so far, laid over a base tree that is only read where an action looks. */
export class FileTree {
  readonly #objects: ObjectsFacet;
  readonly #view: RepositoryView;
  readonly #base: Oid | undefined;
  readonly #root = newNode();

  constructor(objects: ObjectsFacet, view: RepositoryView, base: Oid | undefined) {
    this.#objects = objects;
    this.#view = view;
    this.#base = base;
  }

  /** Looks up a path. */
  async at(path: GitPath): Promise<Standing> {
    let node: Node = this.#root;
    for (const name of path.split("/")) {
      const child = node.children.get(name);
      if (child === undefined) return node.baseHidden ? undefined : this.#baseAt(path);
      node = child;
      if (node.baseHidden) break;
    }
    return this.#standing(path, this.#find(path)!);
  }

  /** Is one of the directories above the path a file? Gives that file's path. */
  async fileAbove(path: GitPath): Promise<GitPath | undefined> {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      const above = path.slice(0, slash);
      if ((await this.at(above))?.kind === "file") return above;
    }
    return undefined;
  }

  /** Puts a file at a path, in place of whatever stands there. Throws `invalid_path` for a symbolic link where git takes none. */
  put(path: GitPath, mode: FileMode, oid: Oid): void {
    if (mode === MODE_SYMLINK) checkLinkPath(path);
    const node = this.#make(path);
    node.file = { mode, oid };
    node.baseHidden = true;
    node.children.clear();
  }

  /** Takes away a file or a directory. */
  remove(path: GitPath): void {
    const node = this.#make(path);
    delete node.file;
    node.baseHidden = true;
    node.children.clear();
  }

  /** The edits that lead from the base tree to this one. */
  edits(): TreeEdit[] {
    const edits: TreeEdit[] = [];
    const visit = (node: Node, path: GitPath): void => {
      if (node.file !== undefined) edits.push({ path, ...node.file });
      else if (node.baseHidden) edits.push({ path, remove: true });
      for (const [name, child] of node.children) visit(child, path === "" ? name : `${path}/${name}`);
    };
    visit(this.#root, "");
    return edits;
  }

  /** The node at exactly this path; undefined when no edit has made it. */
  #find(path: GitPath): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split("/")) node = node?.children.get(name);
    return node ?? HIDDEN_BY_PARENT;
  }

  #make(path: GitPath): Node {
    let node = this.#root;
    for (const name of path.split("/")) {
      // A directory above that an earlier action turned into a file turns back when something is put below it.
      delete node.file;
      let child = node.children.get(name);
      if (child === undefined) {
        child = newNode();
        child.baseHidden = node.baseHidden;
        node.children.set(name, child);
      }
      node = child;
    }
    return node;
  }

  async #standing(path: GitPath, node: Node): Promise<Standing> {
    if (node.file !== undefined) return { kind: "file", ...node.file };
    if (holdsFile(node)) return { kind: "directory" };
    if (node.baseHidden) return undefined;
    return (await this.#baseHasVisible(path, node)) ? this.#baseAt(path) : undefined;
  }

  async #baseAt(path: GitPath): Promise<Standing> {
    if (this.#base === undefined) return undefined;
    const entry = await this.#objects.treeEntry(this.#view, this.#base, path);
    if (entry === undefined) return undefined;
    return entry.type === "tree" ? { kind: "directory" } : { kind: "file", mode: entry.mode, oid: entry.oid };
  }

  /** Does the base have a file at or below the path that no edit has removed? */
  async #baseHasVisible(path: GitPath, node: Node): Promise<boolean> {
    if (this.#base === undefined) return false;
    const entry = await this.#objects.treeEntry(this.#view, this.#base, path);
    if (entry === undefined) return false;
    if (entry.type !== "tree" || node.children.size === 0) return true;
    for await (const batch of this.#objects.listTree(this.#view, entry.oid, { recursive: false })) {
      for (const { path: name, type } of batch) {
        const child = node.children.get(name);
        if (child === undefined) return true;
        if (child.file !== undefined || child.baseHidden) continue;
        if (type !== "tree" || (await this.#baseHasVisible(`${path}/${name}`, child))) return true;
      }
    }
    return false;
  }
}

const HIDDEN_BY_PARENT: Node = { baseHidden: true, children: new Map() };

function holdsFile(node: Node): boolean {
  for (const child of node.children.values()) if (child.file !== undefined || holdsFile(child)) return true;
  return false;
}
