import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitBackend, RepositoryView } from "../../src/backend/backend.ts";
import { OperationError } from "../../src/domain/errors.ts";
import type { RefChange } from "../../src/domain/reference.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { Dice } from "../support/generated-trees.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const ZERO = "0".repeat(40);
const ROUNDS = 8;
const TRANSACTIONS_PER_ROUND = 10;
/** Another seed gives other transactions. */
const SEED = Number(process.env["HOLDFAST_TEST_SEED"] ?? 1);

/** Names that get in each other's way: folders and files, neighbours in the order of bytes. */
const NAMES = [
  "refs/heads/a",
  "refs/heads/a-b",
  "refs/heads/a/b",
  "refs/heads/a/b/c",
  "refs/heads/a0",
  "refs/heads/b/c",
  "refs/heads/main",
  "refs/tags/t",
  "refs/x/y/z",
  "refs/x/y",
  "refs/heads/link",
  "HEAD",
];

/** Pairs of names of which git lets only one exist. */
const conflicts = (a: string, b: string): boolean => a.startsWith(`${b}/`) || b.startsWith(`${a}/`);

for (const { name: backend, open } of BACKENDS_UNDER_TEST) {
  describe(`reference transactions over ${backend}`, () => {
    let git: GitBackend;
    let objects: TemporaryRepository;
    let values: string[];

    beforeAll(async () => {
      git = open();
      objects = await TemporaryRepository.create();
      values = [];
      for (const content of ["1", "2", "3"]) values.push(await objects.commit({ branch: "x", files: { a: content } }));
    });

    afterAll(async () => {
      await git.close();
      await objects[Symbol.asyncDispose]();
    });

    async function fresh(): Promise<TemporaryRepository> {
      const made = await TemporaryRepository.create();
      await writeFile(join(made.path, "objects/info/alternates"), `${join(objects.path, "objects")}\n`);
      await made.git(["symbolic-ref", "refs/heads/link", "refs/heads/b/c"]);
      return made;
    }

    async function stateOf(repository: TemporaryRepository): Promise<string> {
      const refs = await repository.text(["for-each-ref", "--format=%(refname) %(objectname) %(symref)"]);
      const files = await Promise.all(["HEAD", "refs/heads/link"].map((file) => contentOf(repository, file)));
      const locks = (await readdir(repository.path, { recursive: true })).filter((file) => /\.(lock|new)$/.test(file));
      return [refs, ...files, ...locks].join("\n");
    }

    const contentOf = (repository: TemporaryRepository, file: string): Promise<string> =>
      readFile(join(repository.path, file), "latin1").catch(() => "none");

    function randomChanges(dice: Dice): RefChange[] {
      const names = new Set<string>();
      // Mostly one name, so that most transactions are not refused.
      for (let i = 0; i < 1 + (dice.chance(0.6) ? 0 : dice.below(3)); i++) names.add(dice.pick(NAMES));
      return [...names].map((name) => ({
        name,
        // Git would delete HEAD itself, and the repository would be none.
        newOid: name !== "HEAD" && dice.chance(0.35) ? ZERO : dice.pick(values),
        ...(dice.chance(0.4) && { expectedOid: dice.chance(0.4) ? ZERO : dice.pick(values) }),
      }));
    }

    /** Did git do it? */
    async function withGit(
      repository: TemporaryRepository,
      changes: readonly RefChange[],
      deref: boolean,
    ): Promise<boolean> {
      const updates = changes.map(
        ({ name, newOid, expectedOid = "" }) => `update ${name}\0${newOid}\0${expectedOid}\0`,
      );
      const flags = deref ? [] : ["--no-deref"];
      const input = `start\0${updates.join("")}prepare\0commit\0`;
      return await repository.git(["update-ref", ...flags, "--stdin", "-z"], { input }).then(
        () => true,
        () => false,
      );
    }

    async function withBackend(
      repository: TemporaryRepository,
      changes: readonly RefChange[],
      deref: boolean,
    ): Promise<OperationError | undefined> {
      const view: RepositoryView = { gitDir: repository.path, objectFormat: "sha1" };
      try {
        await (await git.refs.prepare(view, changes, { deref })).commit();
        return undefined;
      } catch (error) {
        if (error instanceof OperationError) return error;
        throw error;
      }
    }

    for (let round = 0; round < ROUNDS; round++) {
      test(`end as update-ref's, round ${round}`, async () => {
        const dice = new Dice(SEED * 100 + round);
        await using ours = await fresh();
        await using theirs = await fresh();
        for (let i = 0; i < TRANSACTIONS_PER_ROUND; i++) {
          if (dice.chance(0.25))
            await Promise.all([ours.git(["pack-refs", "--all"]), theirs.git(["pack-refs", "--all"])]);
          const changes = randomChanges(dice);
          const deref = dice.chance(0.6);
          const done = await withGit(theirs, changes, deref);
          const error = await withBackend(ours, changes, deref);
          expect({ changes, deref, done: error === undefined }).toEqual({ changes, deref, done });
          expect({ changes, deref, state: await stateOf(ours) }).toEqual({
            changes,
            deref,
            state: await stateOf(theirs),
          });
          if (error?.reason !== "reference_name_conflict") continue;
          const { reference, conflictsWith } = error.details as { reference: string; conflictsWith: string };
          expect([reference, conflictsWith, conflicts(reference, conflictsWith)]).toEqual([
            reference,
            conflictsWith,
            true,
          ]);
        }
      });
    }

    test("never lose a change when git and several of us write at the same time", async () => {
      await using repository = await fresh();
      const view: RepositoryView = { gitDir: repository.path, objectFormat: "sha1" };
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let i = 0; i < 6; i++) {
          const name = `refs/heads/w${writer}/${i}`;
          await (
            await git.refs.prepare(view, [{ name, newOid: values[0]!, expectedOid: ZERO }], { deref: true })
          ).commit();
          if (i % 2 === 1) {
            const changes = [{ name, newOid: ZERO, expectedOid: values[0]! }];
            await (await git.refs.prepare(view, changes, { deref: true })).commit();
          }
        }
      });
      const packer = (async () => {
        for (let i = 0; i < 8; i++) {
          await repository.git(["-c", "core.packedRefsTimeout=10000", "pack-refs", "--all"]);
          await repository.git([
            "-c",
            "core.filesRefLockTimeout=5000",
            "update-ref",
            `refs/heads/git/${i}`,
            values[1]!,
          ]);
        }
      })();
      await Promise.all([...writers, packer]);
      const expected = [
        ...Array.from({ length: 8 }, (_, i) => `refs/heads/git/${i}`),
        ...[0, 1, 2, 3].flatMap((writer) => [0, 2, 4].map((i) => `refs/heads/w${writer}/${i}`)),
      ];
      expect((await repository.text(["for-each-ref", "--format=%(refname)"])).split("\n")).toEqual(expected);
    });
  });
}
