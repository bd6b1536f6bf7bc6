import type { GitBranch } from "../domain/branch.ts";
import type { GitAuthor, GitCommit } from "../domain/commit.ts";
import type { FileContent } from "../domain/file-action.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { GitTag } from "../domain/tag.ts";
import { NotFoundError } from "../errors.ts";
import { toByteString } from "../memory/byte-string.ts";
import { FileTree } from "../memory/file-tree.ts";
import { MODE_BLOB } from "../memory/git-object.ts";
import { ObjectStore } from "../memory/object-store.ts";
import type { ListCommits } from "../requests.ts";

/** A commit; what is left out has a plain value. */
export type GivenCommit = Partial<GitCommit> & { readonly id: string };

/** A tag; its own id is the target's without, as for lightweight tags. */
export interface GivenTag {
  /** The id of a commit that is given. */
  readonly target: string;
  readonly id?: string;
  readonly message?: string;
  readonly tagger?: GitAuthor;
}

/** What a repository of a mock holds. */
export interface GivenRepository {
  readonly repo: GitRepo;
  readonly commits?: readonly GivenCommit[];
  /** By name; the commit itself, or the id of one that is given in `commits`. */
  readonly branches?: Readonly<Record<string, string | GivenCommit>>;
  /** By name; the id of the commit, or more. */
  readonly tags?: Readonly<Record<string, string | GivenTag>>;
  /** Files by revision, then by path: `{ main: { "README.md": "hello\n" } }`. */
  readonly files?: Readonly<Record<string, Readonly<Record<string, FileContent>>>>;
}

const NOBODY: GitAuthor = { name: "Mock", email: "mock@example.com", date: new Date(0) };

/** Answers reads from what was given, and from nothing else. */
export class MockRepository {
  readonly objects = new ObjectStore("sha1");
  readonly #commits = new Map<string, GitCommit>();
  readonly #branches = new Map<string, string>();
  readonly #tags = new Map<string, GivenTag>();
  readonly #trees = new Map<string, string>();

  constructor({ commits = [], branches = {}, tags = {}, files = {} }: Omit<GivenRepository, "repo">) {
    for (const commit of commits) this.#add(commit);
    for (const [name, tip] of Object.entries(branches)) {
      this.#branches.set(name, typeof tip === "string" ? tip : this.#add(tip));
    }
    for (const [name, tag] of Object.entries(tags))
      this.#tags.set(name, typeof tag === "string" ? { target: tag } : tag);
    for (const [revision, byPath] of Object.entries(files)) this.#trees.set(revision, this.#writeTree(byPath));
  }

  branch(name: string): GitBranch | null {
    const id = this.#branches.get(name);
    return id === undefined ? null : { name, commit: this.#commit(id) };
  }

  branches(): GitBranch[] {
    return [...this.#branches].map(([name, id]) => ({ name, commit: this.#commit(id) })).sort(byName);
  }

  tag(name: string): GitTag | null {
    const given = this.#tags.get(name);
    if (given === undefined) return null;
    const { target, id = target, ...more } = given;
    const commit = this.#commits.get(target);
    return structuredClone({ name, id, ...(commit === undefined ? {} : { targetCommit: commit }), ...more });
  }

  tags(): GitTag[] {
    const all = [...this.#tags.keys()].map((name) => this.tag(name));
    return all.filter((tag) => tag !== null).sort(byName);
  }

  /** By the name of a branch or a tag, or by id. */
  commit(revision: string): GitCommit | null {
    const name = revision.replace(/^refs\/(?:heads|tags)\//, "");
    const id = this.#tags.get(name)?.target ?? this.#branches.get(name) ?? revision;
    const commit = this.#commits.get(id);
    return commit === undefined ? null : structuredClone(commit);
  }

  /** The commits behind plain revisions, each before its parents, as far as they are given. */
  history({ revisions, page = {} }: ListCommits): GitCommit[] {
    const found = new Map<string, GitCommit>();
    const left = revisions.map((revision) => this.commit(revision) ?? fail(`revision ${revision}`));
    for (let commit = left.shift(); commit !== undefined; commit = left.shift()) {
      if (found.has(commit.id)) continue;
      found.set(commit.id, commit);
      left.push(...commit.parentIds.map((id) => this.commit(id)).filter((parent) => parent !== null));
    }
    const all = [...found.values()];
    const start = page.after === undefined ? 0 : all.findIndex(({ id }) => id === page.after) + 1;
    if (page.after !== undefined && start === 0) return [];
    return all.slice(start, start + (page.limit ?? all.length));
  }

  /** The files that were given for a revision, or for another name of the same commit. */
  treeAt(revision: string): string {
    const id = this.commit(revision)?.id;
    for (const [given, treeId] of this.#trees) {
      if (given === revision || (id !== undefined && this.commit(given)?.id === id)) return treeId;
    }
    return fail(`tree of ${revision}`);
  }

  #add(given: GivenCommit): string {
    const { subject = given.body?.split("\n", 1)[0] ?? "", body = subject } = given;
    const people = { author: given.author ?? NOBODY, committer: given.committer ?? given.author ?? NOBODY };
    const ids = { parentIds: [], treeId: this.objects.emptyTreeId };
    this.#commits.set(given.id, structuredClone({ ...ids, bodyTruncated: false, ...given, subject, body, ...people }));
    return given.id;
  }

  #commit(id: string): GitCommit {
    return this.commit(id) ?? fail(`commit ${id}`);
  }

  #writeTree(byPath: Readonly<Record<string, FileContent>>): string {
    const tree = new FileTree(this.objects, this.objects.emptyTreeId);
    for (const [path, content] of Object.entries(byPath)) {
      const bytes = typeof content === "string" ? Buffer.from(content) : Uint8Array.from(content);
      tree.put(toByteString(path), MODE_BLOB, this.objects.write("blob", bytes));
    }
    return tree.write();
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

function fail(what: string): never {
  throw new NotFoundError(`the mock has no ${what}`, { code: "NOT_FOUND" });
}
