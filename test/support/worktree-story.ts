import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeFileSync } from "node:fs";
import type { GitBackend } from "../../src/backend/backend.ts";
import { createShellBackend } from "../../src/backend/shell/shell-backend.ts";
import type { StatusEntry, WorktreeView } from "../../src/backend/worktree-facet.ts";
import { hasReason } from "../../src/domain/errors.ts";
import type { ObjectFormat } from "../../src/domain/oid.ts";
import type { Reason } from "../../src/domain/reasons.ts";
import { SessionDirectories } from "../../src/sessions/session-directory.ts";
import { SparsePatterns } from "../../src/sessions/sparse-patterns.ts";
import { TemporaryRepository } from "./temporary-repository.ts";

type Files = Readonly<Record<string, string>>;

export interface WorktreeStoryOptions {
  readonly files?: Files;
  readonly objectFormat?: ObjectFormat;
  readonly checkout?: "full" | "lazy";
}

/** A worktree of a repository on the branch `main`, made as sessions make theirs; real git works in it too. */
export class WorktreeStory implements AsyncDisposable {
  readonly repository: TemporaryRepository;
  readonly backend: GitBackend;
  readonly view: WorktreeView;
  readonly #directory: string;
  readonly #temporaryDir: string;

  private constructor(repository: TemporaryRepository, directory: string, view: WorktreeView, temporaryDir: string) {
    this.repository = repository;
    this.backend = createShellBackend();
    this.view = view;
    this.#directory = directory;
    this.#temporaryDir = temporaryDir;
  }

  static async open({ files, objectFormat = "sha1", checkout = "full" }: WorktreeStoryOptions = {}) {
    const repository = await TemporaryRepository.create({ objectFormat });
    const directory = await mkdtemp(join(tmpdir(), "holdfast-worktree-"));
    const directories = new SessionDirectories(directory);
    const id = directories.newId();
    const objectsDir = join(repository.path, "objects");
    await mkdir(join(directory, id));
    await directories.make(id, { objectFormat, objectsDir, branch: "refs/heads/main", isLazy: checkout === "lazy" });
    const story = new WorktreeStory(
      repository,
      directory,
      directories.view(id, objectFormat),
      directories.temporary(id),
    );
    if (files !== undefined) {
      const commit = await repository.commit({ files });
      await story.git("update-ref", "refs/heads/main", commit);
      await story.worktree.checkout(story.view, commit, checkout);
    }
    return story;
  }

  get worktree() {
    return this.backend.worktree;
  }

  /** Real git, in the worktree. */
  async git(...args: string[]): Promise<string> {
    return await TemporaryRepository.at(this.view.workTree).text(args);
  }

  /** `git status`, a line a path. */
  async status(): Promise<string[]> {
    return (await this.git("status", "--porcelain", "--untracked-files=all", "--no-renames"))
      .split("\n")
      .filter(Boolean);
  }

  path(name: string): string {
    return join(this.view.workTree, name);
  }

  /** Writes files into the worktree, as a session does: those of a lazy one are there from then on. */
  async write(files: Files): Promise<void> {
    const lazy = (await this.git("config", "--default=false", "core.sparseCheckout")) === "true";
    for (const [name, content] of Object.entries(files)) {
      if (lazy) await new SparsePatterns(this.view.gitDir, this.#temporaryDir).add([name]);
      await mkdir(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), content, "latin1");
    }
  }

  async statusEntries(): Promise<StatusEntry[]> {
    const entries: StatusEntry[] = [];
    for await (const batch of this.worktree.status(this.view, { untracked: "files" })) entries.push(...batch);
    return entries;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.close();
    await rm(this.#directory, { recursive: true, force: true });
    await this.repository[Symbol.asyncDispose]();
  }
}

/** The details that a call fails with. */
export async function refusal<R extends Reason>(call: Promise<unknown>, reason: R): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    if (hasReason(error, reason)) return error.details;
    throw error;
  }
  throw new Error(`succeeded, where ${reason} was expected`);
}
