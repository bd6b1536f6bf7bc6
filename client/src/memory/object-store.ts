import { createHash } from "node:crypto";
import type { Commit, ObjectType, TagObject, TreeItem } from "./git-object.ts";
import { type CommitParts, encodeCommit, encodeTree, parseCommit, parseTag, parseTree } from "./object-encoding.ts";

interface StoredObject {
  readonly type: ObjectType;
  readonly content: Uint8Array;
}

export type ObjectFormat = "sha1" | "sha256";

/** An object database: contents by the ids that git would give them. What is in it never changes. */
export class ObjectStore {
  readonly zeroId: string;
  readonly emptyTreeId: string;
  readonly #format: ObjectFormat;
  readonly #objects = new Map<string, StoredObject>();
  readonly #trees = new Map<string, readonly TreeItem[]>();
  readonly #commits = new Map<string, Commit>();

  constructor(format: ObjectFormat) {
    this.#format = format;
    this.zeroId = "0".repeat(format === "sha1" ? 40 : 64);
    this.emptyTreeId = this.#idOf("tree", new Uint8Array());
  }

  /** Stores an object and gives its id. The content is not copied: callers hand over what nobody else can change. */
  write(type: ObjectType, content: Uint8Array): string {
    const id = this.#idOf(type, content);
    if (!this.#objects.has(id)) this.#objects.set(id, { type, content });
    return id;
  }

  writeTree(items: Iterable<TreeItem>): string {
    return this.write("tree", encodeTree(items));
  }

  writeCommit(parts: CommitParts): string {
    return this.write("commit", encodeCommit(parts));
  }

  typeOf(id: string): ObjectType | undefined {
    // Git knows the empty tree also where nobody has written it.
    return this.#objects.get(id)?.type ?? (id === this.emptyTreeId ? "tree" : undefined);
  }

  /** Ids that begin with these digits. */
  *idsWith(prefix: string): Iterable<string> {
    for (const id of this.#objects.keys()) if (id.startsWith(prefix)) yield id;
  }

  blob(id: string): Uint8Array {
    return this.#content(id, "blob");
  }

  tree(id: string): readonly TreeItem[] {
    let items = this.#trees.get(id);
    if (items === undefined) {
      const content = id === this.emptyTreeId ? new Uint8Array() : this.#content(id, "tree");
      items = parseTree(content, this.zeroId.length / 2);
      this.#trees.set(id, items);
    }
    return items;
  }

  commit(id: string): Commit {
    let commit = this.#commits.get(id);
    if (commit === undefined) {
      commit = parseCommit(id, this.#content(id, "commit"));
      this.#commits.set(id, commit);
    }
    return commit;
  }

  tag(id: string): TagObject {
    return parseTag(this.#content(id, "tag"));
  }

  #content(id: string, type: ObjectType): Uint8Array {
    const object = this.#objects.get(id);
    if (object?.type !== type) throw new TypeError(`no ${type} ${id}`);
    return object.content;
  }

  #idOf(type: ObjectType, content: Uint8Array): string {
    return createHash(this.#format).update(`${type} ${content.length}\0`).update(content).digest("hex");
  }
}
