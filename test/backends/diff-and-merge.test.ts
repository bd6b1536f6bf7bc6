import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readFile } from "node:fs/promises";
import type { ChangedPathsRequest, GitBackend, QuarantinedView, RepositoryView } from "../../src/backend/backend.ts";
import { hasReason } from "../../src/domain/errors.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { changeTree, Dice, type GeneratedTree, generateTree, ImportStream } from "../support/generated-trees.ts";
import {
  diffTrees,
  mergeAll,
  printPatches,
  printRaw,
  printStats,
  splitCombined,
  type TreePair,
  withoutHeaders,
  withZeros,
} from "../support/git-answers.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const SEED = Number(process.env["HOLDFAST_TEST_SEED"] ?? 20_240_105);
const DIFFS = 1000;
const MERGES = 1000;

/** Native git takes a process for each question: it answers every so manieth one. */
const STEP = { libgit2: 1, shell: 40, routed: 20 } as const;

interface GeneratedMerge {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  /** A merge commit of the two, with a tree that is like neither. */
  readonly merge: string;
}

interface Generated {
  readonly diffs: readonly TreePair[];
  readonly merges: readonly GeneratedMerge[];
}

/** Fills a repository with pairs of trees to compare and forks to merge. */
async function generate(repository: TemporaryRepository): Promise<Generated> {
  const dice = new Dice(SEED);
  const stream = new ImportStream();
  const diffs: [number, number][] = [];
  for (let i = 0; i < DIFFS; i++) {
    const left: GeneratedTree = dice.chance(0.03) ? new Map() : generateTree(dice);
    const right = dice.chance(0.03) ? generateTree(dice) : changeTree(dice, left);
    diffs.push([stream.commit(left), stream.commit(right)]);
  }
  const merges = Array.from({ length: MERGES }, () => {
    const base = generateTree(dice);
    const even = (path: string) => path.charCodeAt(path.length - 1) % 2 === 0;
    const apart = dice.chance(0.6);
    const oursTree = changeTree(dice, base, apart ? even : undefined);
    const theirsTree = changeTree(dice, base, apart ? (path) => !even(path) : undefined);
    const from = dice.chance(0.95) ? [stream.commit(base)] : [];
    const [ours, theirs] = [stream.commit(oursTree, from), stream.commit(theirsTree, from)];
    const merge = stream.commit(changeTree(dice, dice.chance(0.5) ? oursTree : theirsTree), [ours, theirs]);
    return { base: from[0], ours, theirs, merge };
  });
  const marksFile = `${repository.path}/marks`;
  await repository.git(["fast-import", "--quiet", "--force", "--done", `--export-marks=${marksFile}`], {
    input: stream.bytes(),
  });
  const oids = new Map(
    (await readFile(marksFile, "latin1")).split("\n").map((line) => line.split(" ") as [string, string]),
  );
  const oid = (mark: number | undefined) => oids.get(`:${mark}`) ?? "";
  const commits = diffs.flat().map(oid);
  const trees = (
    await repository.text(["cat-file", "--batch-check=%(objectname)"], {
      input: commits.map((commit) => `${commit}^{tree}\n`).join(""),
    })
  ).split("\n");
  return {
    diffs: diffs.map((_, i) => [trees[2 * i]!, trees[2 * i + 1]!]),
    merges: merges.map(({ base, ours, theirs, merge }) => ({
      base: oid(base),
      ours: oid(ours),
      theirs: oid(theirs),
      merge: oid(merge),
    })),
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The answer, or undefined where the backend leaves this input to native git. */
async function unlessUnsupported<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasReason(error, "unsupported")) return undefined;
    throw error;
  }
}

/** Does a diff without renames have both ends of one? */
function mayHaveRenames(raw: string): boolean {
  return / A\0/.test(raw) && / D\0/.test(raw);
}

interface Side {
  readonly touched: ReadonlySet<string>;
  readonly added: readonly string[];
  readonly deleted: readonly string[];
}

function sideOf(raw: string): Side {
  const fields = raw.split("\0");
  const records = fields.flatMap((field, at) =>
    at % 2 === 0 && field !== "" ? [[field.at(-1), fields[at + 1]!]] : [],
  );
  const paths = (letter: string) => records.flatMap(([status, path]) => (status === letter ? [path!] : []));
  return { touched: new Set(records.map(([, path]) => path!)), added: paths("A"), deleted: paths("D") };
}

/**
 * Do the sides touch different paths, with no name that becomes a directory or a file, and nothing in them that git could take
 * for a rename that the other side has to follow?
 */
function areApart(ours: Side, theirs: Side): boolean {
  const paths = [...ours.touched, ...theirs.touched];
  if (paths.some((path) => ours.touched.has(path) && theirs.touched.has(path))) return false;
  if (paths.some((path) => paths.some((other) => other.startsWith(`${path}/`)))) return false;
  return [ours, theirs].every((side) => side.added.length === 0 || side.deleted.length === 0);
}

describe("generated diffs and merges", () => {
  let repository: TemporaryRepository;
  let generated: Generated;
  let plain: string[];
  let raw: string[];
  let patches: string[];
  let texts: string[];
  let stats: string[];
  let merged: string[];
  let apart: boolean[];

  beforeAll(async () => {
    process.stdout.write(`generated diffs and merges: HOLDFAST_TEST_SEED=${SEED}\n`);
    repository = await TemporaryRepository.create();
    generated = await generate(repository);
    const { diffs, merges } = generated;
    plain = await diffTrees(repository, diffs, ["--raw", "-z", "--no-renames"]);
    raw = await diffTrees(repository, diffs, ["--raw", "-z", "-M30%"]);
    patches = await diffTrees(repository, diffs, ["-p", "-M30%"]);
    texts = await diffTrees(repository, diffs, ["-p", "-M"]);
    stats = await diffTrees(repository, diffs, ["--numstat", "-z", "-M"]);
    merged = await mergeAll(
      repository,
      merges.map(({ ours, theirs }) => [ours, theirs]),
    );
    const treesOf = async (side: "base" | "ours" | "theirs") =>
      (
        await repository.text(["cat-file", "--batch-check=%(objectname)"], {
          input: merges.map((merge) => `${merge[side] === "" ? EMPTY : merge[side]}^{tree}\n`).join(""),
        })
      ).split("\n");
    const [base, ours, theirs] = [await treesOf("base"), await treesOf("ours"), await treesOf("theirs")];
    const sides = async (trees: readonly string[]) =>
      (
        await diffTrees(
          repository,
          trees.map((tree, i) => [base[i]!, tree]),
          ["--raw", "-z", "--no-renames"],
        )
      ).map(sideOf);
    const [oursSides, theirsSides] = [await sides(ours), await sides(theirs)];
    apart = oursSides.map((side, i) => areApart(side, theirsSides[i]!));
  }, 60_000);

  afterAll(() => repository[Symbol.asyncDispose](), 60_000);

  for (const { name, open } of BACKENDS_UNDER_TEST) {
    describe(`over ${name}`, () => {
      let backend: GitBackend;
      let view: RepositoryView;

      beforeAll(() => {
        backend = open();
        view = { gitDir: repository.path, objectFormat: "sha1" };
      });

      // Closing waits for the other backend's answers.
      afterAll(() => backend.close(), 60_000);

      /** Asks about every so manieth case; checks that what must be served is, and says how much was. */
      async function ask(
        what: string,
        count: number,
        mustServe: (index: number) => boolean,
        check: (index: number) => Promise<boolean>,
      ) {
        const indexes = Array.from({ length: count }, (_, i) => i).filter((i) => i % STEP[name] === 0);
        // Only libgit2 may leave something to another backend.
        const must = (index: number) => name !== "libgit2" || mustServe(index);
        const refused: number[] = [];
        let served = 0;
        for (const index of indexes) {
          if (await check(index)) served++;
          else if (must(index)) refused.push(index);
        }
        const due = indexes.filter(must).length;
        process.stdout.write(`${what} over ${name}: ${served} of ${indexes.length} served, ${due} had to be\n`);
        expect(refused).toEqual([]);
      }

      const hasNoRenames = (index: number) => !mayHaveRenames(plain[index]!);

      test("patches", async () => {
        await ask("patches", DIFFS, hasNoRenames, async (index) => {
          const [left, right] = generated.diffs[index]!;
          const found = await unlessUnsupported(
            collect(backend.diff.patches(view, { left, right, renameThreshold: 30 })),
          );
          if (found === undefined) return false;
          expect(printRaw(found)).toBe(raw[index]!);
          expect(printPatches(found)).toBe(withoutHeaders(patches[index]!));
          return true;
        });
      }, 60_000);

      for (const [mode, flag] of [
        ["keep", "--no-renames"],
        ["ignore-change", "--ignore-space-change"],
        ["ignore-all", "--ignore-all-space"],
      ] as const) {
        test(`patches without renames, white space: ${mode}`, async () => {
          const everything = () => true;
          const expected = await diffTrees(repository, generated.diffs, ["-p", "--no-renames", flag]);
          await ask(`patches, white space: ${mode}`, DIFFS, everything, async (index) => {
            const [left, right] = generated.diffs[index]!;
            const found = await unlessUnsupported(
              collect(backend.diff.patches(view, { left, right, whitespace: mode })),
            );
            if (found === undefined) return false;
            expect(printRaw(found)).toBe(plain[index]!);
            expect(printPatches(found)).toBe(withoutHeaders(expected[index]!));
            return true;
          });
        }, 60_000);
      }

      test("raw", async () => {
        await ask("raw", DIFFS, hasNoRenames, async (index) => {
          const found = await unlessUnsupported(collect(backend.diff.raw(view, ...generated.diffs[index]!)));
          if (found === undefined) return false;
          expect(Buffer.concat(found).toString("latin1")).toBe(texts[index]!);
          return true;
        });
      }, 60_000);

      test("stats", async () => {
        await ask("stats", DIFFS, hasNoRenames, async (index) => {
          const found = await unlessUnsupported(collect(backend.diff.stats(view, ...generated.diffs[index]!)));
          if (found === undefined) return false;
          expect(printStats(found.flat())).toBe(withZeros(stats[index]!));
          return true;
        });
      }, 60_000);

      for (const merges of ["include", "all-parents"] as const) {
        test(`changedPaths, merges: ${merges}`, async () => {
          const requests: ChangedPathsRequest[] = [
            ...generated.merges.map(({ merge }) => ({ kind: "commit", commit: merge }) as const),
            ...generated.merges.map(({ ours }) => ({ kind: "commit", commit: ours }) as const),
            ...generated.merges.map(
              ({ ours, theirs }) => ({ kind: "commit", commit: ours, parents: [theirs] }) as const,
            ),
            ...generated.diffs.map(([left, right]) => ({ kind: "trees", left, right }) as const),
          ];
          const input = requests.map((request) =>
            request.kind === "trees"
              ? `${request.left} ${request.right}\n`
              : `${[request.commit, ...(request.parents ?? [])].join(" ")}\n`,
          );
          const flag = merges === "include" ? "-m" : "-c";
          const expected = await repository.git(
            ["diff-tree", "--stdin", "-r", "--raw", "-z", "--full-index", "--no-renames", "--diff-filter=AMDTC", flag],
            { input: input.join("") },
          );
          const found = (await collect(backend.diff.changedPaths(view, requests, merges))).flat();
          expect(printRaw(found).split("\0")).toEqual(splitCombined(expected.toString("latin1")).split("\0"));
        }, 60_000);
      }

      for (const method of ["mergeTrees", "mergeCommits"] as const) {
        test(
          method,
          async () => {
            const quarantineDir = `${repository.path}/objects/incoming-${name}-${method}`;
            await mkdir(quarantineDir);
            const quarantined: QuarantinedView = { ...view, quarantineDir };
            // Bases are a question to the history facet.
            const hasBases = method === "mergeTrees" || backend.supports.has("history.mergeBases");
            const mustServe = (index: number) => apart[index]! && hasBases;
            await ask(method, MERGES, mustServe, async (index) => {
              const { base, ours, theirs } = generated.merges[index]!;
              if (merged[index] === "none") return true;
              const answer =
                method === "mergeTrees"
                  ? backend.merge.mergeTrees(quarantined, base === "" ? undefined : base, ours, theirs)
                  : backend.merge.mergeCommits(quarantined, ours, theirs);
              const found = await unlessUnsupported(answer);
              if (found === undefined) return false;
              expect(found.clean ? found.tree : "conflict").toBe(merged[index]!);
              if (found.clean) expect((await backend.objects.info(quarantined, found.tree))?.type).toBe("tree");
              return true;
            });
            await backend.quarantine.discard(quarantined);
          },
          60_000,
        );
      }
    });
  }
});

const EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
