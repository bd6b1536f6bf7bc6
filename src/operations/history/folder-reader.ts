import type { OpenRepository } from "../../contract/context.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";

/** Listings that are kept: neighbours in a history share most of them. */
const LISTINGS_MAX = 256;
const FOLDERS_MAX = 4096;

/** What a folder has: mode and id of each entry by its name. */
export type Listing = ReadonlyMap<string, string>;

const NOTHING: Listing = new Map();

/** Reads folders of many commits, most of which are the same: each tree is read once, and is then the same listing. */
export class FolderReader {
  readonly #repository: Pick<OpenRepository, "git" | "view">;
  readonly #listings = new Map<Oid, Promise<Listing>>();
  readonly #folders = new Map<string, Promise<Oid | undefined>>();

  constructor(repository: Pick<OpenRepository, "git" | "view">) {
    this.#repository = repository;
  }

  /** The entries of a folder ("" is the root) in a commit; none where no such folder or commit is. */
  async list(commit: Oid, folder: GitPath): Promise<Listing> {
    const tree = await kept(this.#folders, `${commit} ${folder}`, FOLDERS_MAX, () => this.#treeOf(commit, folder));
    return tree === undefined ? NOTHING : await kept(this.#listings, tree, LISTINGS_MAX, () => this.#read(tree));
  }

  async #treeOf(commit: Oid, folder: GitPath): Promise<Oid | undefined> {
    const { git, view } = this.#repository;
    if (folder === "") return await git.objects.resolve(view, commit, "tree");
    // Of a commit that a shallow repository does not have there is nothing to compare with.
    if ((await git.objects.info(view, commit)) === undefined) return undefined;
    const entry = await git.objects.treeEntry(view, commit, folder);
    return entry?.type === "tree" ? entry.oid : undefined;
  }

  async #read(tree: Oid): Promise<Listing> {
    const { git, view } = this.#repository;
    const listing = new Map<string, string>();
    for await (const batch of git.objects.listTree(view, tree, { recursive: false }))
      for (const { path, mode, oid } of batch) listing.set(path, `${mode} ${oid}`);
    return listing;
  }
}

/** What a map has, or is given now; the oldest goes where there is too much. */
function kept<T>(map: Map<string, Promise<T>>, key: string, max: number, make: () => Promise<T>): Promise<T> {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
    if (map.size > max) map.delete(map.keys().next().value!);
  }
  return value;
}
