import { describe, expect, test } from "bun:test";
import { type CommitFiles, ConflictError, type CreateTag, GitError, type GitRepo } from "@holdfast/client";
import { MemoryGitAdapter } from "@holdfast/client/testing";
import { CatalogRepository } from "../src/catalog-repository.ts";
import { readSettings } from "../src/settings.ts";

const LAMP = { sku: "LAMP-1", name: "Lamp", description: "", priceCents: 4900, currency: "EUR", stock: 3 };
const SETTINGS = readSettings({});
const gone = () => new GitError("the connection was lost", { code: "UNAVAILABLE" });

/** Git in memory, with a server that goes away before or behind what it is asked for. */
class UnsteadyGit extends MemoryGitAdapter {
  /** What becomes of the next commits: `lost` ones are made, and nobody is told. */
  readonly fates: ("lost" | "never came" | "conflict, perhaps with itself")[] = [];
  commits = 0;

  override async commitFiles(repo: GitRepo, request: CommitFiles) {
    this.commits++;
    const fate = this.fates.shift();
    if (fate === "never came") throw gone();
    const result = await super.commitFiles(repo, request);
    if (fate === "lost") throw gone();
    if (fate !== undefined) {
      throw new ConflictError("the branch has moved", { code: "FAILED_PRECONDITION", outcomeUnknown: true });
    }
    return result;
  }

  override async createTag(repo: GitRepo, request: CreateTag) {
    const tag = await super.createTag(repo, request);
    if (this.fates.shift() === undefined) return tag;
    throw new ConflictError("the tag exists", { code: "ALREADY_EXISTS", outcomeUnknown: true });
  }
}

async function open() {
  const git = new UnsteadyGit();
  const repository = new CatalogRepository(git, SETTINGS);
  await repository.ensure();
  const subjects = async () =>
    (await git.listCommits(SETTINGS.repo, { revisions: ["main"] })).map(({ subject }) => subject);
  return { git, repository, subjects };
}

describe("CatalogRepository", () => {
  test("makes its repository once", async () => {
    const { repository, git } = await open();
    await repository.ensure();
    expect(await git.repoExists(SETTINGS.repo)).toBe(true);
  });

  test("finds a commit whose answer was lost, and does not make it again", async () => {
    const { git, repository, subjects } = await open();
    await repository.create({ ...LAMP, sku: "FIRST" });
    git.fates.push("lost");
    const { commitId } = await repository.create(LAMP);
    expect(await subjects()).toEqual(["Create LAMP-1", "Create FIRST"]);
    expect((await git.findBranch(SETTINGS.repo, "main"))?.commit.id).toBe(commitId);
    expect(git.commits).toBe(2);
  });

  test("finds the first commit of all whose answer was lost", async () => {
    const { git, repository, subjects } = await open();
    git.fates.push("lost");
    expect(await repository.create(LAMP)).toMatchObject({ product: LAMP });
    expect(await subjects()).toEqual(["Create LAMP-1"]);
  });

  test("finds it behind the commits of others", async () => {
    const { git, repository, subjects } = await open();
    git.fates.push("lost");
    const [lamp] = await Promise.all([repository.create(LAMP), repository.create({ ...LAMP, sku: "OTHER" })]);
    expect((await subjects()).toSorted()).toEqual(["Create LAMP-1", "Create OTHER"]);
    expect((await git.findCommit(SETTINGS.repo, lamp.commitId))?.subject).toBe("Create LAMP-1");
  });

  test("makes a commit that never came", async () => {
    const { git, repository, subjects } = await open();
    git.fates.push("never came", "never came", "lost");
    await repository.create(LAMP);
    expect(await subjects()).toEqual(["Create LAMP-1"]);
    expect(git.commits).toBe(3);
  });

  test("takes a conflict with its own earlier attempt for what it is", async () => {
    const { git, repository, subjects } = await open();
    git.fates.push("conflict, perhaps with itself");
    await repository.create(LAMP);
    expect(await subjects()).toEqual(["Create LAMP-1"]);
    git.fates.push("conflict, perhaps with itself");
    expect(await repository.publishRelease("v1", "One")).toMatchObject({ name: "v1" });
    await expect(repository.publishRelease("v1", "One")).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("adds to the stock once, however often it has to ask", async () => {
    const { git, repository } = await open();
    await repository.create(LAMP);
    git.fates.push("lost", "never came");
    await repository.update("LAMP-1", (current) => ({ ...current, stock: current.stock + 1 }));
    const bytes = await git.getBlob(SETTINGS.repo, { revision: "main", path: "products/LAMP-1.json" });
    expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({ stock: 4 });
  });

  test("gives up when others are always faster", async () => {
    const { git, repository, subjects } = await open();
    git.commitFiles = async () => {
      git.commits++;
      throw new ConflictError("the branch has moved", { code: "FAILED_PRECONDITION" });
    };
    const failure = await repository.create(LAMP).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("50 attempts") as string });
    expect(git.commits).toBe(50);
    await expect(subjects()).rejects.toThrow();
  });

  test("gives up when the server stays away", async () => {
    const git = new UnsteadyGit();
    const repository = new CatalogRepository(git, readSettings({ CATALOG_PATIENCE_MS: "1000" }));
    await repository.ensure();
    git.fates.push(...Array.from({ length: 10 }, () => "never came" as const));
    expect(await repository.create(LAMP).catch((error: unknown) => error)).toMatchObject({ code: "UNAVAILABLE" });
    expect(git.commits).toBeGreaterThan(1);
  });

  test("a product whose file is broken can be deleted, not changed", async () => {
    const { git, repository, subjects } = await open();
    const user = { glId: "user-1", name: "Jane Doe", email: "jane@example.com" };
    const actions = [{ type: "create", path: "products/LAMP-1.json", content: "{" }] as const;
    await git.commitFiles(SETTINGS.repo, { branch: "main", message: "Broken", user, actions });
    const failure = await repository.update("LAMP-1", (current) => current).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "INVALID_FILE" });
    await repository.delete("LAMP-1");
    expect(await subjects()).toEqual(["Delete LAMP-1", "Broken"]);
  });
});
