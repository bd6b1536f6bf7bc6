import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { failureOf } from "../../support/failure-of.ts";
import { FetchStory, stateOf, type Transport, type Version } from "../../support/fetch-story.ts";
import { BACKENDS } from "../../support/operation-story.ts";
import { runGit, TemporaryRepository } from "../../support/temporary-repository.ts";

const WAYS: readonly [Transport, Version][] = [
  ["git", 0],
  ["git", 2],
  ["http", 0],
  ["http", 2],
];

/** Clones on every way, does the steps inside, and expects what git's own upload-pack gives. */
async function expectAlike(
  story: FetchStory,
  clone: readonly string[],
  steps: readonly (readonly string[])[] = [],
): Promise<void> {
  for (const [transport, version] of WAYS) {
    const both = [story.url(transport), story.referenceUrl(transport)];
    const clones = await Promise.all(both.map((url) => story.clone(url, version, ...clone)));
    for (const step of steps) await Promise.all(clones.map((at) => runGit(at, step)));
    const [served, reference] = await Promise.all(clones.map(stateOf));
    expect({ transport, version, ...served }).toEqual({ transport, version, ...reference! });
    expect(story.failures(transport)).toEqual([]);
  }
}

/** Takes one object out of a repository whose objects are all in one pack. */
async function removeObject(origin: TemporaryRepository, oid: string): Promise<void> {
  const packs = join(origin.path, "objects/pack");
  const name = (await readdir(packs)).find((file) => file.endsWith(".pack"))!;
  const pack = await readFile(join(packs, name));
  await rm(packs, { recursive: true });
  await origin.git(["unpack-objects", "-q"], { input: pack });
  await rm(join(origin.path, "objects", oid.slice(0, 2), oid.slice(2)));
}

for (const backend of BACKENDS) {
  describe(`uploadPack of uncommon repositories on ${backend}`, () => {
    let story: FetchStory;

    afterEach(() => story.close());

    describe("SHA-256", () => {
      beforeEach(async () => {
        story = await FetchStory.open(backend, "sha256");
      });

      test("clone, shallow clone and fetch", async () => {
        for (let n = 0; n < 4; n++) await story.origin.commit({ files: { f: `${n}` }, seconds: 1_700_000_000 + n });
        await story.origin.git(["tag", "-a", "-m", "one", "v1", "main"]);
        await expectAlike(story, []);
        await expectAlike(
          story,
          ["--depth=2"],
          [
            ["fetch", "-q", "--deepen=1"],
            ["fetch", "-q", "--unshallow"],
          ],
        );
      }, 60_000);

      test("an empty one", () => expectAlike(story, []), 60_000);
    });

    describe("SHA-1", () => {
      beforeEach(async () => {
        story = await FetchStory.open(backend);
      });

      test("an empty one", () => expectAlike(story, []), 60_000);

      test("HEAD names a branch that does not exist", async () => {
        await story.origin.commit({});
        await story.origin.git(["symbolic-ref", "HEAD", "refs/heads/absent"]);
        await expectAlike(story, ["--bare"]);
      }, 60_000);

      test("HEAD is detached", async () => {
        const first = await story.origin.commit({});
        await story.origin.commit({});
        await story.origin.git(["update-ref", "--no-deref", "HEAD", first]);
        await expectAlike(story, []);
      }, 60_000);

      test("a repository that is shallow itself", async () => {
        await using source = await TemporaryRepository.create();
        for (let n = 0; n < 6; n++) await source.commit({ files: { f: `${n}` }, seconds: 1_700_000_000 + n });
        const from = `file://${source.path}`;
        await story.origin.git(["fetch", "-q", "--depth=3", from, "+refs/heads/*:refs/heads/*"]);
        await expectAlike(story, []);
        await expectAlike(story, ["--depth=2"], [["fetch", "-q", "--deepen=5"]]);
        await expectAlike(story, ["--depth=1"], [["fetch", "-q", "--unshallow"]]);
        await expectAlike(story, ["--shallow-since=1700000004"]);
      }, 60_000);

      test("many references, packed and loose, change between requests", async () => {
        const first = await story.origin.commit({});
        const creates = Array.from({ length: 400 }, (_, n) => `create refs/heads/topic/${n} ${first}\n`);
        await story.origin.git(["update-ref", "--stdin"], { input: creates.join("") });
        await story.origin.git(["pack-refs", "--all"]);
        await expectAlike(story, ["--bare"]);
        const second = await story.origin.commit({ files: { f: "2" } });
        for (const change of [
          ["update-ref", "refs/heads/topic/7", second],
          ["update-ref", "-d", "refs/heads/topic/8"],
          ["update-ref", "refs/heads/topic/7", first],
        ]) {
          await story.origin.git(change);
          for (const [transport, version] of WAYS) {
            const options = ["-c", `protocol.version=${version}`, "ls-remote"];
            const served = await runGit(story.directory, [...options, story.url(transport)]);
            const reference = await runGit(story.directory, [...options, story.referenceUrl(transport)]);
            expect(served.toString()).toBe(reference.toString());
          }
        }
      }, 60_000);

      test("an object is missing: the client is told, inside the pack or in place of it", async () => {
        await story.origin.commit({ files: { f: "1" } });
        const blob = await story.origin.text(["rev-parse", "main:f"]);
        await story.origin.git(["repack", "-adq"]);
        await removeObject(story.origin, blob);
        for (const [transport, version] of WAYS) {
          const failure = await failureOf(story.clone(story.url(transport), version));
          expect(String(failure)).toContain("remote");
          expect(story.failures(transport).splice(0)).toMatchObject([{ reason: "objects_missing" }]);
        }
      }, 60_000);

      test("patterns of ls-remote", async () => {
        const oid = await story.origin.commit({});
        for (const name of ["refs/heads/a/b", "refs/tags/t", "refs/notes/x", "refs/pull/1/head"]) {
          await story.origin.git(["update-ref", name, oid]);
        }
        for (const [transport, version] of WAYS) {
          for (const args of [["--heads"], ["--tags"], ["--symref"], ["--refs"], ["--heads", "b"]]) {
            const command = (url: string) => [
              "-c",
              `protocol.version=${version}`,
              "ls-remote",
              ...args.slice(0, 1),
              url,
              ...args.slice(1),
            ];
            const served = await runGit(story.directory, command(story.url(transport)));
            const reference = await runGit(story.directory, command(story.referenceUrl(transport)));
            expect(served.toString()).toBe(reference.toString());
          }
        }
      }, 60_000);
    });
  });
}
