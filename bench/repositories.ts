import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BenchRepository } from "./bench-context.ts";
import { target } from "./calls.ts";
import { makeLargeFixture } from "./client/large-fixture.ts";
import { gitLines, runGit } from "./git-reference.ts";
import { type FixtureSize, makeFixture } from "./make-fixture.ts";

const MAIN: FixtureSize = { commits: 25_000, files: 15_000, references: 1_000 };
const SHORT: FixtureSize = { commits: 1_000, files: 15_000, references: 1_000 };

/** Repositories of the bench in one storage: kept ones, and copies to write to that are made anew for each run. */
export class Repositories {
  readonly storage: string;

  constructor(storage: string) {
    this.storage = storage;
  }

  /** The repository of the figures: generated once, or the one that is given. */
  async main(given: string | undefined): Promise<BenchRepository> {
    if (given === undefined) {
      await makeFixture(this.#path("main.git"), MAIN);
      return this.#named("main.git");
    }
    const name = "given.git";
    rmSync(this.#path(name), { recursive: true, force: true });
    cpSync(given, this.#path(name), { recursive: true });
    return this.#named(name);
  }

  /** The same files after 1,000 commits only. */
  async short(): Promise<BenchRepository> {
    await makeFixture(this.#path("short.git"), SHORT);
    return this.#named("short.git");
  }

  /** A blob, a tree and a difference that are large. */
  async largeAnswers(): Promise<BenchRepository> {
    await makeLargeFixture(this.#path("large-answers.git"));
    return this.#named("large-answers.git");
  }

  /** A copy of a repository with another number of references, packed. */
  withReferences(of: BenchRepository, count: number): BenchRepository {
    const copy = this.copy(of, `references-${count}.git`);
    const commits = gitLines(of.gitDir, ["rev-list", "--all"]);
    const lines = gitLines(of.gitDir, ["for-each-ref", "--format=%(refname)"]).map((name) => `delete ${name}\n`);
    const made = Array.from(
      { length: count },
      (_, n) => `create refs/heads/many/${n % 100}/${n} ${commits[(n * 7919) % commits.length]}\n`,
    );
    const main = gitLines(of.gitDir, ["rev-parse", "HEAD"])[0]!;
    runGit(copy.gitDir, ["update-ref", "--stdin"], lines.join(""));
    runGit(copy.gitDir, ["update-ref", "--stdin"], [`create refs/heads/main ${main}\n`, ...made.slice(1)].join(""));
    runGit(copy.gitDir, ["pack-refs", "--all", "--prune"]);
    return copy;
  }

  /** A fresh copy under a name. */
  copy(of: BenchRepository, name: string): BenchRepository {
    const path = this.#path(name);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(join(path, ".."), { recursive: true });
    cpSync(of.gitDir, path, { recursive: true });
    return this.#named(name);
  }

  #path(name: string): string {
    return join(this.storage, name);
  }

  #named(name: string): BenchRepository {
    return { gitDir: this.#path(name), target: target(name) };
  }
}
