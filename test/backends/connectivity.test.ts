import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import type { GitBackend, QuarantinedView, RepositoryView } from "../../src/backend/backend.ts";
import { hasReason } from "../../src/domain/errors.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { failureOf } from "../support/failure-of.ts";
import { Dice } from "../support/generated-trees.ts";
import { runGit, TemporaryRepository } from "../support/temporary-repository.ts";

const ROUNDS = 40;

/** What git's own check says of one tip, in the environment of a push. */
async function isConnected({ gitDir, quarantineDir }: QuarantinedView, tip: string): Promise<boolean> {
  const env = { GIT_OBJECT_DIRECTORY: quarantineDir, GIT_ALTERNATE_OBJECT_DIRECTORIES: `${gitDir}/objects` };
  const args = ["rev-list", "--objects", "--stdin", "--not", "--all", "--quiet", "--alternate-refs"];
  return runGit(gitDir, args, { env, input: `${tip}\n` }).then(
    () => true,
    () => false,
  );
}

for (const { name, open } of BACKENDS_UNDER_TEST) {
  describe(`connectivity over ${name}`, () => {
    let backend: GitBackend;
    let target: TemporaryRepository;
    let source: TemporaryRepository;
    let view: RepositoryView;

    beforeAll(async () => {
      backend = open();
      target = await TemporaryRepository.create();
      source = await TemporaryRepository.create();
      view = { gitDir: target.path, objectFormat: "sha1" };
      for (let at = 0; at < 5; at++) {
        await source.commit({ files: { a: `a${at}`, "d/b": `b${at % 2}`, "d/e/c": `c${at % 3}`, "f/g": "g" } });
      }
      const pack = await source.git(["pack-objects", "--revs", "--stdout", "-q"], { input: "main\n" });
      await target.git(["index-pack", "--stdin"], { input: pack });
      await target.git(["update-ref", "refs/heads/main", await source.text(["rev-parse", "main"])]);
    });

    afterAll(async () => {
      await backend.close();
      await target[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
    });

    /** What is lacking; the library alone leaves all but the plain yes to native git. */
    async function lacking(inside: QuarantinedView, tips: string[], near?: string[]): Promise<string[] | "unsure"> {
      try {
        return await backend.pack.unconnected(inside, tips, undefined, near);
      } catch (error) {
        if (name === "libgit2" && hasReason(error, "unsupported")) return "unsure";
        throw error;
      }
    }

    async function quarantine(oids: readonly string[]): Promise<QuarantinedView> {
      const quarantineDir = `${target.path}/quarantine-${randomUUID()}`;
      await mkdir(quarantineDir);
      const env = { GIT_OBJECT_DIRECTORY: quarantineDir };
      for (const oid of oids) {
        const type = await source.text(["cat-file", "-t", oid]);
        const content = await source.git(["cat-file", type, oid]);
        await runGit(target.path, ["hash-object", "-w", "-t", type, "--stdin", "--literally"], { env, input: content });
      }
      return { ...view, quarantineDir };
    }

    test("agrees with git about pushes of which something is missing", async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const dice = new Dice(seed);
      let connected = 0;
      let broken = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const base = await target.text(["rev-parse", "main"]);
        const branch = `round-${round}`;
        await source.git(["update-ref", `refs/heads/${branch}`, base]);
        let tip = base;
        for (let left = 1 + dice.below(3); left > 0; left--) {
          const files: Record<string, string> = { a: `${round} ${left}`, "f/g": "g" };
          if (dice.chance(0.6)) files["d/b"] = `b${dice.below(40)}`;
          if (dice.chance(0.6)) files["moved/e/c"] = `c${dice.below(3)}`;
          if (dice.chance(0.3)) files["d/e/c"] = `new ${round}`;
          tip = await source.commit({ branch, files, seconds: 1_700_000_000 + round * 10 - left });
        }
        const added = (await source.text(["rev-list", "--objects", "--no-object-names", branch, `^${base}`])).split(
          "\n",
        );
        const dropped = dice.chance(0.5) ? [added[dice.below(added.length)]!] : [];
        const inside = await quarantine(added.filter((oid) => !dropped.includes(oid)));
        // Some of it is in the repository already, reached by no reference.
        if (dropped.length > 0 && dice.chance(0.2)) {
          const [oid] = dropped as [string];
          const type = await source.text(["cat-file", "-t", oid]);
          await target.writeObject(type, await source.git(["cat-file", type, oid]));
        }
        const expected = await isConnected(inside, tip);
        if (expected) connected++;
        else broken++;
        const near = dice.chance(0.5) ? ["refs/heads/main"] : ["refs/heads/new"];
        const answer = await lacking(inside, [tip], near);
        const allowed = expected ? [[]] : name === "libgit2" ? ["unsure"] : [[tip]];
        expect({ seed, round, allowed: [...allowed, ...(name === "libgit2" ? ["unsure"] : [])] }).toMatchObject({
          seed,
          round,
          allowed: expect.arrayContaining([answer]),
        });
        if (expected && dropped.length === 0) expect([seed, round, answer]).toEqual([seed, round, []]);
        await rm(inside.quarantineDir, { recursive: true });
      }
      expect(connected).toBeGreaterThan(5);
      expect(broken).toBeGreaterThan(5);
    }, 60_000);

    test("finds the tips that lack something among those that do not", async () => {
      const good = await source.commit({ branch: "good", files: { good: "good" }, parents: [] });
      const bad = await source.commit({ branch: "bad", files: { bad: "bad" }, parents: [] });
      const blob = await source.text(["rev-parse", "bad:bad"]);
      const all = (await source.text(["rev-list", "--objects", "--no-object-names", good, bad])).split("\n");
      const inside = await quarantine(all.filter((oid) => oid !== blob));
      expect(await lacking(inside, [good, bad])).toEqual(name === "libgit2" ? "unsure" : [bad]);
      expect(await lacking(inside, [good])).toEqual([]);
      expect(await lacking(inside, [])).toEqual([]);
      expect(await lacking(inside, ["1".repeat(40)])).toEqual(name === "libgit2" ? "unsure" : ["1".repeat(40)]);
    });

    test("takes tags, trees, blobs and what references reach already", async () => {
      const head = await target.text(["rev-parse", "main"]);
      const tag = await source.writeObject("tag", `object ${head}\ntype commit\ntag v\ntagger A <a@b> 1 +0000\n\nx\n`);
      const inside = await quarantine([tag]);
      const tips = [tag, head, await target.text(["rev-parse", "main:d"]), await target.text(["rev-parse", "main:a"])];
      expect(await lacking(inside, tips)).toEqual([]);
    });

    test("from a shallow clone: history may end where the client's does", async () => {
      const parent = await source.commit({ branch: "deep", files: { x: "1" }, parents: [] });
      const tip = await source.commit({ branch: "deep", files: { x: "2" } });
      const objects = (await source.text(["rev-list", "--objects", "--no-object-names", tip, `^${parent}`])).split(
        "\n",
      );
      const inside = await quarantine(objects);
      if (name === "libgit2") {
        expect(hasReason(await failureOf(backend.pack.unconnected(inside, [tip], [tip])), "unsupported")).toBe(true);
        return;
      }
      expect(await backend.pack.unconnected(inside, [tip])).toEqual([tip]);
      expect(await backend.pack.unconnected(inside, [tip], [tip])).toEqual([]);
      expect((await readdir(inside.quarantineDir)).filter((file) => file.startsWith("shallow"))).toEqual([]);
    });
  });
}
