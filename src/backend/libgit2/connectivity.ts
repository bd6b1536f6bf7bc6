import { OperationError } from "../../domain/errors.ts";
import { type GitObject, MODE_GITLINK, MODE_TREE } from "../../domain/git-object.ts";
import { isOid, type Oid, OID_HEX_LENGTH } from "../../domain/oid.ts";
import type { RefName } from "../../domain/reference.ts";
import type { GitBackend, RepositoryView } from "../backend.ts";
import { parseTree } from "../parse-tree.ts";
import { readShallow } from "../read-shallow.ts";
import { checkView } from "./run-job.ts";

/** What is looked at here; more is faster done by native git, which does not go through JavaScript for each object. */
const COMMITS_MAX = 100;
const OBJECTS_MAX = 2000;
/** Commits looked at in the hope to meet a reference that is near. */
const NEAR_COMMITS_MAX = 8;

type Facets = Pick<GitBackend, "objects" | "refs" | "history">;

/**
 * `PackFacet.unconnected` for what a usual push brings. It answers only that all is there, and says `unsupported` otherwise: then
 * native git is the judge. New commits are those that no reference reaches; what their trees have and their parents' have not is
 * looked for, object by object. Nothing counts as present for being there alone: what it reaches is followed too.
 */
export async function unconnected(
  facets: Facets,
  view: RepositoryView,
  tips: readonly Oid[],
  shallow: readonly Oid[],
  near: readonly RefName[],
): Promise<Oid[]> {
  checkView(view);
  if (shallow.length > 0 || readShallow(view).length > 0) throw unsure("shallow history");
  const search = new Search(facets, view);
  const targets = await search.targets(tips);
  const commits = (await search.commitsUpTo(targets, near)) ?? (await search.commitsUpToAll(targets));
  for (const commit of commits) await search.follow(commit);
  return [];
}

/** Any doubt ends the search. */
function unsure(what: string): OperationError {
  return new OperationError("unsupported", { what: `connectivity: ${what}` });
}

interface CommitLinks {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
}

class Search {
  readonly #facets: Facets;
  readonly #view: RepositoryView;
  readonly #commits = new Map<Oid, CommitLinks>();
  /** Trees and blobs that are there with all that they reach. */
  readonly #whole = new Set<Oid>();
  #objects = 0;

  constructor(facets: Facets, view: RepositoryView) {
    this.#facets = facets;
    this.#view = view;
  }

  /** The commits that tips stand for: tags are followed; trees and blobs are looked at on the spot. */
  async targets(tips: readonly Oid[]): Promise<Oid[]> {
    const commits = new Set<Oid>();
    for (const tip of tips) {
      if (!isOid(tip, "sha1")) throw unsure("no object id");
      let oid = tip;
      for (let object = await this.#read(oid); ; object = await this.#read(oid)) {
        if (object.type === "commit") commits.add(oid);
        else if (object.type === "tree") await this.#followTree(oid, []);
        else if (object.type === "tag") {
          const [, target] = /^object ([0-9a-f]{40})\n/.exec(textOf(object)) ?? [];
          if (target === undefined) throw unsure("a tag without object");
          oid = target;
          continue;
        }
        break;
      }
    }
    return [...commits];
  }

  /** The tips' commits down to those that given references point at; undefined when these are not close by. */
  async commitsUpTo(tips: readonly Oid[], near: readonly RefName[]): Promise<Oid[] | undefined> {
    const { refs } = this.#facets;
    const reached = new Set<Oid>();
    const { oid: head } = await refs.head(this.#view);
    if (head !== undefined) reached.add(head);
    for (const name of near.slice(0, COMMITS_MAX)) {
      const reference = await refs.read(this.#view, name);
      if (reference !== undefined) reached.add(reference.oid);
    }
    const found = new Set<Oid>();
    const waiting = [...tips];
    for (let oid = waiting.pop(); oid !== undefined; oid = waiting.pop()) {
      if (reached.has(oid) || found.has(oid)) continue;
      if (found.size === NEAR_COMMITS_MAX) return undefined;
      found.add(oid);
      const { parents } = await this.#commit(oid);
      waiting.push(...parents);
    }
    return [...found];
  }

  /** The tips' commits that no reference reaches. */
  async commitsUpToAll(tips: readonly Oid[]): Promise<Oid[]> {
    const found: Oid[] = [];
    const query = { revisions: [...tips, "--not", "--all"], limit: COMMITS_MAX + 1 };
    try {
      for await (const batch of this.#facets.history.log(this.#view, query)) found.push(...batch);
    } catch (error) {
      throw unsure(error instanceof OperationError ? error.reason : "history");
    }
    if (found.length > COMMITS_MAX) throw unsure("many commits");
    return found;
  }

  /** Looks for all that a commit's tree has and its parents' trees have not. */
  async follow(oid: Oid): Promise<void> {
    const { tree, parents } = await this.#commit(oid);
    const beside: Oid[] = [];
    for (const parent of parents) beside.push((await this.#commit(parent)).tree);
    await this.#followTree(tree, beside);
  }

  /** `beside`: trees that are reached otherwise, at the same path. */
  async #followTree(oid: Oid, beside: readonly Oid[]): Promise<void> {
    if (this.#whole.has(oid) || beside.includes(oid)) return;
    const known = new Map<string, Oid[]>();
    for (const other of beside) {
      for (const entry of this.#entries(await this.#read(other))) {
        if (!isFollowed(entry.mode)) continue;
        const same = known.get(entry.path);
        if (same === undefined) known.set(entry.path, [entry.oid]);
        else same.push(entry.oid);
      }
    }
    for (const entry of this.#entries(await this.#read(oid))) {
      if (!isFollowed(entry.mode)) continue;
      const others = known.get(entry.path) ?? [];
      if (others.includes(entry.oid)) continue;
      if (entry.mode === MODE_TREE) await this.#followTree(entry.oid, await this.#treesAmong(others));
      else await this.#blob(entry.oid);
    }
    this.#whole.add(oid);
  }

  async #treesAmong(oids: readonly Oid[]): Promise<Oid[]> {
    const trees: Oid[] = [];
    for (const oid of oids) if ((await this.#info(oid)) === "tree") trees.push(oid);
    return trees;
  }

  async #blob(oid: Oid): Promise<void> {
    if (this.#whole.has(oid)) return;
    if ((await this.#info(oid)) !== "blob") throw unsure("a missing blob");
    this.#whole.add(oid);
  }

  async #commit(oid: Oid): Promise<CommitLinks> {
    const found = this.#commits.get(oid);
    if (found !== undefined) return found;
    const object = await this.#read(oid);
    const [header, tree, parents] =
      /^tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author /.exec(textOf(object)) ?? [];
    if (object.type !== "commit" || header === undefined) throw unsure("not a commit");
    const links = { tree: tree!, parents: [...parents!.matchAll(/[0-9a-f]{40}/g)].map(([parent]) => parent) };
    this.#commits.set(oid, links);
    return links;
  }

  *#entries(tree: GitObject) {
    if (tree.type !== "tree") throw unsure("not a tree");
    yield* parseTree(tree.content, OID_HEX_LENGTH.sha1 / 2);
  }

  async #read(oid: Oid): Promise<GitObject> {
    this.#count();
    const object = await this.#facets.objects.read(this.#view, oid);
    if (object === undefined) throw unsure("a missing object");
    return object;
  }

  async #info(oid: Oid): Promise<string | undefined> {
    this.#count();
    return (await this.#facets.objects.info(this.#view, oid))?.type;
  }

  #count(): void {
    if (++this.#objects > OBJECTS_MAX) throw unsure("many objects");
  }
}

/** Submodules are other repositories' affair. */
const isFollowed = (mode: number): boolean => mode !== MODE_GITLINK;

const textOf = ({ content }: GitObject): string =>
  Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("latin1");
