import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitBackend, RepositoryView } from "../../src/backend/backend.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

describe("refs.stamp", () => {
  let libgit2: GitBackend;
  let repository: TemporaryRepository;
  let view: RepositoryView;
  let first: string;
  let second: string;

  beforeAll(async () => {
    libgit2 = BACKENDS_UNDER_TEST.find(({ name }) => name === "libgit2")!.open();
    repository = await TemporaryRepository.create();
    view = { gitDir: repository.path, objectFormat: "sha1" };
    first = await repository.commit({});
    second = await repository.commit({});
  });

  afterAll(async () => {
    await libgit2.close();
    await repository[Symbol.asyncDispose]();
  });

  /** A stamp is there once the clock has moved on. */
  async function settled(quick = false): Promise<string> {
    for (;;) {
      // A quick one is refused while the disk is slow.
      const stamp = await libgit2.refs.stamp(view, { quick });
      if (stamp !== undefined) return stamp;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test("stays while nothing changes", async () => {
    const stamp = await settled();
    expect(stamp).toHaveLength(16);
    expect(await libgit2.refs.stamp(view, { quick: false })).toBe(stamp);
    expect(await settled(true)).toBe(stamp);
  });

  test("is absent right after a change", async () => {
    await repository.git(["update-ref", "refs/heads/new", first]);
    expect(await libgit2.refs.stamp(view, { quick: false })).toBeUndefined();
  });

  const changes: [string, () => Promise<unknown>][] = [
    ["an update", () => repository.git(["update-ref", "refs/heads/new", second])],
    ["an update back", () => repository.git(["update-ref", "refs/heads/new", first])],
    ["a new reference", () => repository.git(["update-ref", "refs/heads/deep/er/ref", first])],
    ["packing", () => repository.git(["pack-refs", "--all"])],
    ["a deletion", () => repository.git(["update-ref", "-d", "refs/heads/deep/er/ref"])],
    ["another HEAD", () => repository.git(["symbolic-ref", "HEAD", "refs/heads/new"])],
    ["a file written in place", () => writeFile(join(repository.path, "refs/heads/hand"), `${first}\n`)],
    ["the same file written again", () => writeFile(join(repository.path, "refs/heads/hand"), `${second}\n`)],
    ["packed-refs written in place", () => appendFile(join(repository.path, "packed-refs"), `${first} refs/tags/z\n`)],
  ];
  for (const [what, change] of changes) {
    test(`changes with ${what}`, async () => {
      const before = await settled();
      await change();
      expect(await settled()).not.toBe(before);
    });
  }

  test("is found among many files", async () => {
    await mkdir(join(repository.path, "refs/heads/many"), { recursive: true });
    for (let n = 0; n < 300; n++) await writeFile(join(repository.path, `refs/heads/many/${n}`), `${first}\n`);
    const stamp = await settled();
    expect(await libgit2.refs.stamp(view, { quick: false })).toBe(stamp);
    expect(await libgit2.refs.stamp(view, { quick: true })).toBeUndefined();
    await repository.git(["update-ref", "refs/heads/many/299", second]);
    expect(await settled()).not.toBe(stamp);
  });
});
