// Operations on whole repositories, through the control socket of a running server; real git is the referee.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ControlClient, ControlError } from "../../src/transports/control/client.ts";
import { COMBINATIONS, install, type Installation } from "../support/installation.ts";
import type { RunningServer } from "../support/running-server.ts";

const IDENTITY = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
describe.each([...COMBINATIONS])("repositories, %s", (combination) => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-repositories-"));
  let installation: Installation;
  let server: RunningServer;
  let client: ControlClient;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start();
    client = new ControlClient(server.data);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    rmSync(place, { recursive: true });
  });

  const git = (dir: string, ...args: string[]): string =>
    execFileSync("git", [...IDENTITY, ...args], {
      cwd: dir,
      encoding: "utf8",
      env: { PATH: process.env["PATH"] ?? "", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    });

  const target = (relativePath: string) => ({ storage: "default", relativePath });
  const pathOf = (relativePath: string) => join(server.storage, relativePath);
  const lines = (operation: string, input: object) => Array.fromAsync(client.list<{ line: string }>(operation, input));

  /** A clone with two branches, an annotated tag and a name that is not ASCII. */
  function makeSource(name: string, ...init: string[]): string {
    const dir = join(place, name);
    git(place, "init", "-q", ...init, dir);
    writeFileSync(join(dir, "file"), "one\n");
    git(dir, "add", "file");
    git(dir, "commit", "-q", "-m", "one");
    git(dir, "branch", "grün");
    git(dir, "tag", "-a", "-m", "first", "v1");
    writeFileSync(join(dir, "file"), "two\n");
    git(dir, "commit", "-q", "-a", "-m", "two");
    git(dir, "symbolic-ref", "HEAD", "refs/heads/grün");
    return dir;
  }

  async function reasonOf(call: Promise<unknown>): Promise<string> {
    try {
      await call;
    } catch (error) {
      if (error instanceof ControlError) return error.reason;
      throw error;
    }
    return "none";
  }

  describe("importRepository", () => {
    test.each(["sha1", "sha256"])("copies all references and what they reach: %s", async (objectFormat) => {
      const source = makeSource(`source-${objectFormat}`, `--object-format=${objectFormat}`);
      const repository = target(`imported/${objectFormat}.git`);
      await client.call("createRepository", { repository, objectFormat });
      await lines("importRepository", { repository, sourceDir: join(source, ".git") });
      const copy = pathOf(repository.relativePath);
      expect(git(copy, "for-each-ref")).toBe(git(source, "for-each-ref"));
      expect(git(copy, "symbolic-ref", "HEAD")).toBe("refs/heads/grün\n");
      expect(git(copy, "fsck", "--strict", "--no-dangling")).toBe("");
    });

    test("refuses a relative path and a repository that has references", async () => {
      const source = makeSource("source-again");
      const repository = target("imported/again.git");
      await client.call("createRepository", { repository });
      expect(await reasonOf(lines("importRepository", { repository, sourceDir: "source-again" }))).toBe(
        "invalid_input",
      );
      await lines("importRepository", { repository, sourceDir: join(source, ".git") });
      expect(await reasonOf(lines("importRepository", { repository, sourceDir: join(source, ".git") }))).toBe(
        "reference_mismatch",
      );
    });
  });

  describe("showRepository", () => {
    test("counts references and names HEAD, also when its name is not ASCII", async () => {
      const source = makeSource("source-shown");
      const repository = target("shown.git");
      await client.call("createRepository", { repository });
      await lines("importRepository", { repository, sourceDir: join(source, ".git") });
      expect(await client.call<unknown>("showRepository", { repository })).toEqual({
        objectFormat: "sha1",
        private: false,
        description: "",
        access: "admin-access",
        cloneUrls: {
          http: `${server.addresses["http"]}/shown.git`,
          ssh: `ssh://${server.addresses["ssh"]}/shown`,
          git: `git://${server.addresses["git"]}/shown`,
        },
        path: pathOf("shown.git"),
        head: "refs/heads/grün",
        headOid: git(source, "rev-parse", "grün").trim(),
        branches: 2,
        tags: 1,
        references: 3,
      });
    });

    test("says when there is none", async () => {
      expect(await reasonOf(client.call("showRepository", { repository: target("absent.git") }))).toBe(
        "repository_not_found",
      );
    });
  });

  describe("listRepositories", () => {
    test("names repositories at every depth, and those that plain git made", async () => {
      await client.call("createRepository", { repository: target("deep/er/est.git") });
      git(place, "init", "-q", "--bare", pathOf("by-git.git"));
      const found = await Array.fromAsync(
        client.list<{ relativePath: string }>("listRepositories", { storage: "default" }),
      );
      const paths = found.map(({ relativePath }) => relativePath);
      expect(paths).toContain("deep/er/est.git");
      expect(paths).toContain("by-git.git");
      expect(paths).toEqual(paths.toSorted());
    });

    test("refuses a storage that is not there", async () => {
      expect(await reasonOf(Array.fromAsync(client.list("listRepositories", { storage: "none" })))).toBe(
        "storage_unknown",
      );
    });
  });

  describe("renameRepository", () => {
    test("moves the repository with all that is in it", async () => {
      await client.call("createRepository", { repository: target("old.git"), defaultBranch: "trunk" });
      await client.call("renameRepository", { repository: target("old.git"), newRepository: target("a/new.git") });
      expect(existsSync(pathOf("old.git"))).toBe(false);
      expect(git(pathOf("a/new.git"), "symbolic-ref", "HEAD")).toBe("refs/heads/trunk\n");
    });

    test("refuses a name that is taken, and a repository that is not there", async () => {
      for (const name of ["x1.git", "x2.git"]) await client.call("createRepository", { repository: target(name) });
      const rename = (from: string, to: string) =>
        reasonOf(client.call("renameRepository", { repository: target(from), newRepository: target(to) }));
      expect(await rename("x1.git", "x2.git")).toBe("repository_exists");
      expect(await rename("absent.git", "x3.git")).toBe("repository_not_found");
    });
  });

  describe("collectGarbage", () => {
    test("packs loose objects and keeps every reference", async () => {
      const source = makeSource("source-garbage");
      const repository = target("garbage.git");
      await client.call("createRepository", { repository });
      await lines("importRepository", { repository, sourceDir: join(source, ".git") });
      const before = git(pathOf("garbage.git"), "for-each-ref");
      await lines("collectGarbage", { repository });
      expect(git(pathOf("garbage.git"), "count-objects", "-v")).toMatch(/^count: 0$/m);
      expect(git(pathOf("garbage.git"), "for-each-ref")).toBe(before);
    });
  });

  describe("checkRepository", () => {
    test("finds nothing in a sound repository, and names a missing object", async () => {
      const source = makeSource("source-checked");
      const repository = target("checked.git");
      git(place, "clone", "-q", "--bare", "--no-hardlinks", source, pathOf("checked.git"));
      expect(await lines("checkRepository", { repository })).toEqual([]);
      const blob = git(source, "rev-parse", "main:file").trim();
      rmSync(join(pathOf("checked.git"), "objects", blob.slice(0, 2), blob.slice(2)), { force: true });
      const found = (await lines("checkRepository", { repository })).map(({ line }) => line);
      expect(found.join("\n")).toContain(blob);
    });
  });

  describe("showBackend", () => {
    test("counts the calls of each backend", async () => {
      const calls = async () => (await client.call<{ calls: Record<string, number> }>("showBackend", {})).calls;
      const sum = (counters: Record<string, number>) => Object.values(counters).reduce((all, one) => all + one, 0);
      const before = sum(await calls());
      await client.call("createRepository", { repository: target("counted.git") });
      await client.call("showRepository", { repository: target("counted.git") });
      expect(sum(await calls())).toBeGreaterThan(before);
    });
  });

  describe("switchBackend", () => {
    test("refuses a backend that is not there", async () => {
      expect(await reasonOf(client.call("switchBackend", { name: "svn" }))).toBe("invalid_input");
    });
  });
});
