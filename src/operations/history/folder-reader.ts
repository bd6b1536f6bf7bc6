import type { OpenRepository } from "../../contract/context.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";

/** Listings that are kept: neighbours in a history share most of them. */
const LISTINGS_MAX = 256;
const FOLDERS_MAX = 4096;

type Listing = ReadonlyMap<string, string>;

/** Looks up entries of many commits, which have most of their folders in common: each folder's tree is read once. */
export class FolderReader {
  readonly #repository: Pick<OpenRepository, "git" | "view">;
  readonly #listings = new Map<Oid, Promise<Listing>>();
  readonly #folders = new Map<string, Promise<Oid | undefined>>();

  constructor(repository: Pick<OpenRepository, "git" | "view">) {
    this.#repository = repository;
  }

  /** Mode and id of what a commit has at a path; undefined when that is nothing, or the commit is not there. */
  async entryAt(commit: Oid, path: GitPath): Promise<string | undefined> {
    const slash = path.lastIndexOf("/");
    const folder = slash < 0 ? "" : path.slice(0, slash);
    const tree = await kept(this.#folders, `${commit} ${folder}`, FOLDERS_MAX, () => this.#treeOf(commit, folder));
    if (tree === undefined) return undefined;
    return (await kept(this.#listings, tree, LISTINGS_MAX, () => this.#list(tree))).get(path.slice(slash + 1));
  }

  async #treeOf(commit: Oid, folder: GitPath): Promise<Oid | undefined> {
    const { git, view } = this.#repository;
    if (folder === "") return await git.objects.resolve(view, commit, "tree");
    // Of a commit that a shallow repository does not have there is nothing to compare with.
    if ((await git.objects.info(view, commit)) === undefined) return undefined;
    const entry = await git.objects.treeEntry(view, commit, folder);
    return entry?.type === "tree" ? entry.oid : undefined;
  }

  async #list(tree: Oid): Promise<Listing> {
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
