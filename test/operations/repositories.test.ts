import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { createRepository } from "../../src/operations/repositories/create-repository.ts";
import { findRepository } from "../../src/operations/repositories/find-repository.ts";
import { removeRepository } from "../../src/operations/repositories/remove-repository.ts";
import { repositoryExists } from "../../src/operations/repositories/repository-exists.ts";
import { describeServer } from "../../src/operations/server/describe-server.ts";
import { failure, OperationStory } from "../support/operation-story.ts";
import { runGit } from "../support/temporary-repository.ts";

const ELSEWHERE = { storage: "default", relativePath: "else/where.git" };

let story: OperationStory;
beforeEach(async () => {
  story = await OperationStory.open("libgit2");
});
afterEach(() => story.close());

const run: OperationStory["run"] = (operation, input, parts) => story.run(operation, input, parts);
const elsewhere = { repository: ELSEWHERE };

describe("createRepository", () => {
  test("makes an empty bare repository that git accepts", async () => {
    const { engine, caller, pathOf } = story.test;
    await engine.run(createRepository, { ...elsewhere, defaultBranch: "trunk/a", objectFormat: "sha256" }, caller);
    await failure(engine.run(createRepository, elsewhere, caller), "repository_exists");
    const git = async (...args: string[]) => (await runGit(pathOf(ELSEWHERE), args)).toString("utf8").trimEnd();
    expect(await git("symbolic-ref", "HEAD")).toBe("refs/heads/trunk/a");
    expect(await git("rev-parse", "--is-bare-repository", "--show-object-format")).toBe("true\nsha256");
    expect(existsSync(`${pathOf(ELSEWHERE)}/hooks`)).toBe(false);
  });
});

describe("removeRepository", () => {
  test("removes what is there, whole or broken, and nothing else", async () => {
    const { engine, caller, pathOf } = story.test;
    await run(removeRepository, {});
    expect(existsSync(pathOf(story.repository))).toBe(false);
    await failure(run(removeRepository, {}), "repository_not_found");
    mkdirSync(`${pathOf(ELSEWHERE)}/refs`, { recursive: true });
    await engine.run(removeRepository, elsewhere, caller);
    expect(existsSync(pathOf(ELSEWHERE))).toBe(false);
    await engine.run(createRepository, { ...elsewhere, objectFormat: "sha1" }, caller);
    const inside = { storage: "default", relativePath: `${ELSEWHERE.relativePath}/objects` };
    await failure(engine.run(removeRepository, { repository: inside }, caller), "repository_not_found");
    expect(existsSync(pathOf(inside))).toBe(true);
  });
});

describe("repositoryExists", () => {
  test("is false for what is missing or broken, and fails for bad names", async () => {
    const { engine, caller, pathOf } = story.test;
    expect(await run(repositoryExists, {})).toEqual({ exists: true });
    mkdirSync(`${pathOf(ELSEWHERE)}/objects`, { recursive: true });
    expect(await engine.run(repositoryExists, elsewhere, caller)).toEqual({ exists: false });
    const exists = (storage: string, relativePath: string) =>
      engine.run(repositoryExists, { repository: { storage, relativePath } }, caller);
    await failure(exists("none", "a.git"), "storage_unknown");
    await failure(exists("default", "../a.git"), "repository_path_escapes");
  });
});

describe("findRepository", () => {
  test("tells the object format, or what is wrong", async () => {
    const { engine, caller, pathOf } = story.test;
    expect(await run(findRepository, {})).toEqual({ objectFormat: "sha1" });
    await failure(engine.run(findRepository, elsewhere, caller), "repository_not_found");
    mkdirSync(pathOf(ELSEWHERE), { recursive: true });
    await failure(engine.run(findRepository, elsewhere, caller), "repository_invalid");
  });
});

describe("describeServer", () => {
  test("names versions and storages", async () => {
    const { engine, caller } = story.test;
    const { gitVersion, storages } = await engine.run(describeServer, {}, caller);
    expect(gitVersion).toMatch(/^\d+\.\d+/);
    expect(storages).toMatchObject([{ name: "default", readable: true, writeable: true }]);
  });
});
