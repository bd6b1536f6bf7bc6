import { expect } from "bun:test";
import * as fc from "fast-check";
import { ConflictError, type FileAction, type GitUser } from "../../src/index.ts";
import { MemoryGitAdapter } from "../../src/testing.ts";
import type { RefereeFile, RefereeGit } from "../support/referee-git.ts";

export const REPO = { storage: "default", relativePath: "story.git" };
export const USER: GitUser = {
  glId: "user-1",
  name: "Ada Lövelace",
  email: "ada@example.org",
  timezone: "Asia/Kolkata",
};
export const BRANCHES = ["main", "topic", "other"] as const;
const PATHS = [
  "a.txt",
  "b c.txt",
  "dir/one.txt",
  "dir/two.txt",
  "dir/sub/ü.md",
  "dir.x",
  'q"uote\\.txt',
  "z/deep/er/file",
];

/** One change of a file; the numbers choose among what is there. */
export interface Edit {
  readonly kind: "create" | "insert" | "remove" | "replace" | "delete" | "move" | "chmod" | "binary";
  readonly file: number;
  readonly line: number;
  readonly count: number;
}

/** What happens in a story. */
export type Step =
  | { readonly type: "commit"; readonly branch: number; readonly edits: readonly Edit[]; readonly seconds: number }
  | { readonly type: "merge"; readonly from: number; readonly into: number; readonly seconds: number };

const SECONDS_BETWEEN = fc.nat(2);

/** Commits on some branches, with so many edits at most. */
export function commits(branches: readonly number[], kinds: readonly Edit["kind"][], edits = 4): fc.Arbitrary<Step> {
  const small = fc.nat(40);
  const count = fc.integer({ min: 1, max: 4 });
  const edit = fc.record({ kind: fc.constantFrom(...kinds), file: small, line: small, count });
  return fc.record({
    type: fc.constant("commit" as const),
    branch: fc.constantFrom(...branches),
    edits: fc.array(edit, { minLength: 1, maxLength: edits }),
    seconds: SECONDS_BETWEEN,
  });
}

/** Merges of some branches into some. */
export function merges(from: readonly number[], into: readonly number[]): fc.Arbitrary<Step> {
  return fc.record({
    type: fc.constant("merge" as const),
    from: fc.constantFrom(...from),
    into: fc.constantFrom(...into),
    seconds: SECONDS_BETWEEN,
  });
}

/** Several steps of these kinds. */
export function steps(...kinds: fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof(...kinds), { minLength: 3, maxLength: 9 });
}

/** The same story told to an adapter in memory and to git; after each step both have come to the same. */
export class RefereedStory {
  readonly git: RefereeGit;
  readonly adapter: MemoryGitAdapter;
  /** All commits, oldest first. */
  readonly commits: string[] = [];
  mergesClean = 0;
  mergesInConflict = 0;
  #seconds = 1_700_000_000;
  #lines = 0;

  constructor(git: RefereeGit) {
    this.git = git;
    this.adapter = new MemoryGitAdapter({ clock: () => new Date(this.#seconds * 1000) });
  }

  /** A first commit with every path, and all branches at it. */
  async begin(): Promise<void> {
    const { adapter } = this;
    await adapter.createRepo(REPO);
    const actions: FileAction[] = PATHS.map((path) => ({ type: "create", path, content: this.#newLines(12) }));
    await this.#commit("main", actions);
    for (const name of BRANCHES.slice(1)) await adapter.createBranch(REPO, { name, startPoint: "main", user: USER });
  }

  async take(step: Step): Promise<void> {
    this.#seconds += step.seconds;
    if (step.type === "commit") {
      const branch = BRANCHES[step.branch]!;
      const files = await this.filesAt(branch);
      for (const edit of step.edits) {
        const actions = this.#actionsOf(edit, files);
        if (actions.length > 0) await this.#commit(branch, actions);
      }
    } else await this.#merge(BRANCHES[step.from]!, BRANCHES[step.into]!);
  }

  /** All files of a revision, read from the adapter. */
  async filesAt(revision: string): Promise<Map<string, RefereeFile>> {
    const files = new Map<string, RefereeFile>();
    for (const { path, type, mode } of await this.adapter.getTreeEntries(REPO, { revision, recursive: true })) {
      if (type !== "blob") continue;
      files.set(path, { bytes: await this.adapter.getBlob(REPO, { revision, path }), executable: mode === 0o100755 });
    }
    return files;
  }

  /** Points git's branches to where the adapter's are. */
  async shareBranches(): Promise<void> {
    for (const { name, commit } of await this.adapter.listBranches(REPO)) {
      this.git.run(["update-ref", `refs/heads/${name}`, commit.id]);
    }
  }

  async #commit(branch: string, actions: readonly FileAction[]): Promise<void> {
    const parent = (await this.adapter.findBranch(REPO, branch))?.commit.id;
    const before = parent === undefined ? new Map<string, RefereeFile>() : await this.filesAt(parent);
    const message = `Change ${actions.map(({ path }) => path).join(", ")}`;
    const { commitId } = await this.adapter.commitFiles(REPO, { branch, message, user: USER, actions });
    const files = applied(before, actions);
    const parentIds = parent === undefined ? [] : [parent];
    expect(commitId).toBe(this.git.commit({ ...this.#person(), parentIds, message, files }));
    this.commits.push(commitId);
  }

  async #merge(from: string, into: string): Promise<void> {
    const { adapter, git } = this;
    const theirs = (await adapter.findBranch(REPO, from))!.commit.id;
    const ours = (await adapter.findBranch(REPO, into))!.commit.id;
    const settings = ["-c", "merge.directoryRenames=false"];
    const told = git.attempt([
      ...settings,
      "merge-tree",
      "--write-tree",
      "-z",
      "--name-only",
      "--no-messages",
      ours,
      theirs,
    ]);
    const [treeId = "", ...conflicts] = told.stdout
      .toString()
      .split("\0")
      .filter((field) => field !== "");
    const message = `Merge ${from}`;
    const merge = adapter.mergeBranch(REPO, { branch: into, sourceId: theirs, message, user: USER });
    if (told.exitCode === 0) {
      const { commitId } = await merge;
      expect((await adapter.findCommit(REPO, commitId))?.treeId).toBe(treeId);
      const files = await this.filesAt(commitId);
      expect(commitId).toBe(git.commit({ ...this.#person(), parentIds: [ours, theirs], message, files }));
      this.commits.push(commitId);
      this.mergesClean++;
    } else {
      const error: unknown = await merge.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConflictError);
      const { detail } = error as ConflictError;
      expect(detail).toMatchObject({ kind: "merge_conflict", conflictingCommitIds: [ours, theirs] });
      expect(detail?.conflictingFiles).toEqual([...new Set(conflicts)]);
      this.mergesInConflict++;
    }
  }

  #person() {
    return { name: USER.name, email: USER.email, seconds: this.#seconds, zone: "+0530" };
  }

  /** Lines that are nowhere else, so that there is one shortest difference only. */
  #newLines(count: number): string {
    return Array.from({ length: count }, () => `${this.#lines % 5 === 0 ? "head" : "  body"} ${this.#lines++}\n`).join(
      "",
    );
  }

  #actionsOf({ kind, file, line, count }: Edit, files: Map<string, RefereeFile>): FileAction[] {
    const paths = [...files.keys()];
    const path = paths[file % paths.length];
    const unused = PATHS.find((one) => isFree(one, files));
    if (kind === "create" || path === undefined) {
      if (unused === undefined) return [];
      return noted(files, [
        { type: "create", path: unused, content: this.#newLines(count * 3), executable: line % 2 === 0 },
      ]);
    }
    const { bytes, executable } = files.get(path)!;
    if (kind === "delete") return noted(files, [{ type: "delete", path }]);
    if (kind === "chmod") return noted(files, [{ type: "chmod", path, executable: !executable }]);
    if (kind === "move") {
      const target = `moved/${line % 3}/${path}`;
      return isFree(target, files) ? noted(files, [{ type: "move", path: target, previousPath: path }]) : [];
    }
    if (kind === "binary")
      return noted(files, [{ type: "update", path, content: Buffer.concat([Buffer.of(0, count), bytes]) }]);
    const lines =
      Buffer.from(bytes)
        .toString()
        .match(/[^\n]*\n|[^\n]+$/g) ?? [];
    const at = lines.length === 0 ? 0 : line % lines.length;
    const fresh = kind === "remove" ? [] : [this.#newLines(count)];
    const content = [...lines.slice(0, at), ...fresh, ...lines.slice(kind === "insert" ? at : at + count)].join("");
    // Sometimes the last line lacks its newline.
    return noted(files, [{ type: "update", path, content: line % 7 === 0 ? content.replace(/\n$/, "") : content }]);
  }
}

function isFree(path: string, files: ReadonlyMap<string, RefereeFile>): boolean {
  return ![...files.keys()].some((one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`));
}

function noted(files: Map<string, RefereeFile>, actions: FileAction[]): FileAction[] {
  const after = applied(files, actions);
  files.clear();
  for (const [path, file] of after) files.set(path, file);
  return actions;
}

/** What the actions make of some files, by a second reading of their meaning. */
function applied(before: ReadonlyMap<string, RefereeFile>, actions: readonly FileAction[]): Map<string, RefereeFile> {
  const files = new Map(before);
  for (const action of actions) {
    const { path } = action;
    if (action.type === "create")
      files.set(path, { bytes: Buffer.from(action.content), executable: action.executable === true });
    else if (action.type === "update") files.set(path, { ...files.get(path)!, bytes: Buffer.from(action.content) });
    else if (action.type === "delete") files.delete(path);
    else if (action.type === "chmod") files.set(path, { ...files.get(path)!, executable: action.executable });
    else if (action.type === "move") {
      files.set(path, files.get(action.previousPath)!);
      files.delete(action.previousPath);
    }
  }
  return files;
}
