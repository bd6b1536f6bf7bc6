import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitBackend, ListedBlob, LogQuery, RepositoryView } from "../../src/backend/backend.ts";
import { hasReason, type OperationError } from "../../src/domain/errors.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { Dice } from "../support/generated-trees.ts";
import { makeRandomHistory } from "../support/random-history.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const ABSENT = "0123456789012345678901234567890123456789";

/** How commits are told apart from what the commit-graph knows of them. */
const GRAPHS = ["none", "all", "older half", "chain", "without corrected dates"] as const;
const QUERIES_PER_HISTORY = 24;
/** Another seed gives other histories and questions. */
const SEED = Number(process.env["HOLDFAST_TEST_SEED"] ?? 1);

async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

/** The answer; undefined where the backend leaves this input to native git. */
async function unlessUnsupported<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasReason(error, "unsupported")) return undefined;
    throw error;
  }
}

async function errorOf(promise: Promise<unknown>): Promise<OperationError> {
  return (await promise.then(
    () => {
      throw new Error("it should have failed");
    },
    (error: unknown) => error,
  )) as OperationError;
}

const linesOf = (output: Buffer): string[] => output.toString("latin1").split("\n").slice(0, -1);

/** The command line that asks git the same. */
function revListArguments(query: LogQuery): string[] {
  const args = ["rev-list"];
  if (query.order === "topo") args.push("--topo-order");
  if (query.order === "date") args.push("--date-order");
  if (query.firstParent) args.push("--first-parent");
  if (query.maxParents !== undefined) args.push(`--max-parents=${query.maxParents}`);
  if (query.afterSeconds !== undefined) args.push(`--max-age=${query.afterSeconds}`);
  if (query.beforeSeconds !== undefined) args.push(`--min-age=${query.beforeSeconds}`);
  if (query.reverse) args.push("--reverse");
  if (query.skip !== undefined) args.push(`--skip=${query.skip}`);
  if (query.limit !== undefined) args.push(`--max-count=${query.limit}`);
  // A limit that comes later would let git walk after all.
  if (query.noWalk) args.push("--no-walk");
  return [...args, ...query.revisions, "--"];
}

async function writeGraph(repository: TemporaryRepository, kind: (typeof GRAPHS)[number], oids: readonly string[]) {
  const input = (commits: readonly string[]) => ({ input: `${commits.join("\n")}\n` });
  const half = oids.slice(0, oids.length / 2);
  if (kind === "all") await repository.git(["commit-graph", "write", "--reachable"]);
  if (kind === "older half") await repository.git(["commit-graph", "write", "--stdin-commits"], input(half));
  if (kind === "without corrected dates") {
    await repository.git(["-c", "commitGraph.generationVersion=1", "commit-graph", "write", "--reachable"]);
  }
  if (kind === "chain") {
    for (const part of [half.slice(0, half.length / 2), half, oids]) {
      await repository.git(["commit-graph", "write", "--split=no-merge", "--stdin-commits"], input(part));
    }
  }
}

function randomRevision(dice: Dice, oids: readonly string[]): string {
  const one = () => (dice.chance(0.2) ? `b${dice.below(8)}` : dice.pick(oids));
  const kind = dice.below(100);
  if (kind < 45) return one();
  if (kind < 60) return `^${one()}`;
  if (kind < 75) return `${one()}..${one()}`;
  if (kind < 85) return `${one()}...${one()}`;
  return dice.pick(["--all", "--branches", "--tags", "HEAD", "--not"]);
}

function randomQuery(dice: Dice, oids: readonly string[]): LogQuery {
  const revisions = Array.from({ length: 1 + dice.below(3) }, () => randomRevision(dice, oids));
  const excludes = revisions.some((revision) => /^\^|\.\.|--not/.test(revision));
  const seconds = () => 1_500_000_000 + dice.below(100 * oids.length);
  return {
    revisions: revisions.at(-1) === "--not" ? [...revisions, "b0"] : revisions,
    ...(dice.chance(0.5) && { order: dice.pick(["topo", "date"] as const) }),
    ...(dice.chance(0.2) && { firstParent: true }),
    ...(dice.chance(0.15) && { maxParents: dice.below(3) }),
    ...(!excludes && dice.chance(0.1) && { noWalk: true }),
    ...(dice.chance(0.2) && { afterSeconds: seconds() }),
    ...(dice.chance(0.2) && { beforeSeconds: seconds() }),
    ...(dice.chance(0.2) && { reverse: true }),
    ...(dice.chance(0.2) && { skip: dice.below(10) }),
    ...(dice.chance(0.4) && { limit: 1 + dice.below(40) }),
  };
}

for (const { name: backend, open } of BACKENDS_UNDER_TEST) {
  describe(`history over ${backend}`, () => {
    let git: GitBackend;

    beforeAll(() => {
      git = open();
    });

    afterAll(async () => {
      await git.close();
    });

    const viewOf = (repository: TemporaryRepository): RepositoryView => ({
      gitDir: repository.path,
      objectFormat: "sha1",
    });

    describe("log", () => {
      GRAPHS.forEach((graph, index) => {
        for (const wrongClocks of [false, true]) {
          test(`is rev-list's, commit-graph: ${graph}, clocks ${wrongClocks ? "wrong" : "right"}`, async () => {
            const dice = new Dice(SEED * 1000 + index * 2 + (wrongClocks ? 1 : 0));
            await using repository = await TemporaryRepository.create();
            const oids = await makeRandomHistory(repository, dice, { commits: 120, wrongClocks });
            await repository.git(["tag", "-a", "-m", "x", "annotated", oids[50]!]);
            await writeGraph(repository, graph, oids);
            let served = 0;
            for (let i = 0; i < QUERIES_PER_HISTORY; i++) {
              const query = randomQuery(dice, oids);
              const expected = linesOf(await repository.git(revListArguments(query)));
              const answer = await unlessUnsupported(collect(git.history.log(viewOf(repository), query)));
              if (answer === undefined) continue;
              served++;
              expect({ query, commits: answer }).toEqual({ query, commits: expected });
            }
            expect(served).toBeGreaterThan(QUERIES_PER_HISTORY * 0.9);
          });
        }
      });

      test("gives thousands in batches, each once", async () => {
        await using repository = await TemporaryRepository.create();
        await makeRandomHistory(repository, new Dice(7), { commits: 5000, wrongClocks: false });
        const expected = linesOf(await repository.git(["rev-list", "--all"]));
        expect(await collect(git.history.log(viewOf(repository), { revisions: ["--all"] }))).toEqual(expected);
      });

      test("sees commits that were made after the last question", async () => {
        await using repository = await TemporaryRepository.create();
        const view = viewOf(repository);
        const log = () => collect(git.history.log(view, { revisions: ["main"] }));
        const first = await repository.commit({ files: { a: "1" } });
        expect(await log()).toEqual([first]);
        const second = await repository.commit({ files: { a: "2" } });
        expect(await log()).toEqual([second, first]);
        await repository.git(["commit-graph", "write", "--reachable"]);
        const third = await repository.commit({ files: { a: "3" } });
        expect(await log()).toEqual([third, second, first]);
        await repository.git(["update-ref", "refs/heads/main", first]);
        expect(await log()).toEqual([first]);
      });

      test("follows tags, passes over trees, and knows nothing of an empty repository", async () => {
        await using repository = await TemporaryRepository.create();
        const view = viewOf(repository);
        const log = (...revisions: string[]) => collect(git.history.log(view, { revisions }));
        expect(await log("--all")).toEqual([]);
        const first = await repository.commit({ files: { a: "1" } });
        await repository.git(["tag", "-a", "-m", "x", "once", first]);
        await repository.git(["tag", "-a", "-m", "x", "twice", "once"]);
        await repository.git(["tag", "tree", `${first}^{tree}`]);
        expect(await log("twice")).toEqual([first]);
        expect(await log("--tags")).toEqual([first]);
        expect(await log("tree")).toEqual([]);
        expect(await log("main^{tree}", "main")).toEqual([first]);
      });

      test("says which revision is unknown", async () => {
        await using repository = await TemporaryRepository.create();
        await repository.commit({ files: { a: "1" } });
        for (const revision of ["nothing", "^nothing", "main..nothing", ABSENT]) {
          const error = await errorOf(collect(git.history.log(viewOf(repository), { revisions: ["main", revision] })));
          expect(error.reason).toBe("revision_not_found");
          expect(error.details).toEqual({ revision });
        }
      });

      test("stops when it is told to", async () => {
        await using repository = await TemporaryRepository.create();
        await makeRandomHistory(repository, new Dice(8), { commits: 3000, wrongClocks: false });
        const stop = new AbortController();
        const view = { ...viewOf(repository), signal: stop.signal };
        const walk = async () => {
          for await (const _ of git.history.log(view, { revisions: ["--all"] })) stop.abort();
        };
        expect((await errorOf(walk())).reason).toBe("canceled");
      });
    });

    describe("isAncestor, mergeBases, reachable", () => {
      GRAPHS.forEach((graph, index) => {
        test(`are merge-base's and --merged's, commit-graph: ${graph}`, async () => {
          const dice = new Dice(SEED * 2000 + index);
          await using repository = await TemporaryRepository.create();
          const view = viewOf(repository);
          const oids = await makeRandomHistory(repository, dice, { commits: 100, wrongClocks: index % 2 === 1 });
          await writeGraph(repository, graph, oids);
          for (let i = 0; i < 20; i++) {
            const [a, b] = [dice.pick(oids), dice.pick(oids)];
            const bases = linesOf(await repository.git(["merge-base", "--all", a, b]).catch(() => Buffer.alloc(0)));
            expect({ a, b, bases: await git.history.mergeBases(view, a, b) }).toEqual({ a, b, bases });
            expect(await git.history.isAncestor(view, a, b)).toBe(bases.includes(a));
            const below = new Set(linesOf(await repository.git(["rev-list", a])));
            const candidates = Array.from({ length: 10 }, () => dice.pick(oids));
            expect(await git.history.reachable(view, a, candidates)).toEqual(
              candidates.filter((candidate) => below.has(candidate)),
            );
          }
          expect(await git.history.isAncestor(view, oids[3]!, oids[3]!)).toBe(true);
          expect(await git.history.mergeBases(view, oids[3]!, oids[3]!)).toEqual([oids[3]!]);
          expect(await git.history.reachable(view, oids[3]!, [ABSENT, oids[3]!])).toEqual([oids[3]!]);
        });
      });

      test("say that an object does not exist", async () => {
        await using repository = await TemporaryRepository.create();
        const commit = await repository.commit({ files: { a: "1" } });
        const view = viewOf(repository);
        for (const ask of [
          () => git.history.isAncestor(view, ABSENT, commit),
          () => git.history.isAncestor(view, commit, ABSENT),
          () => git.history.mergeBases(view, commit, ABSENT),
        ]) {
          expect((await errorOf(ask())).reason).toBe("object_not_found");
        }
      });
    });

    describe("unappliedCommits", () => {
      test("are what upstream lacks, oldest first", async () => {
        const dice = new Dice(SEED * 3000);
        await using repository = await TemporaryRepository.create();
        const view = viewOf(repository);
        const oids = await makeRandomHistory(repository, dice, { commits: 80, wrongClocks: false });
        let served = 0;
        for (let i = 0; i < 20; i++) {
          const branch = dice.pick(oids);
          const upstream = dice.pick(linesOf(await repository.git(["rev-list", branch])));
          const flags = ["--cherry-pick", "--right-only", "--no-merges", "--topo-order", "--reverse"];
          for (const [from, to] of [
            [upstream, branch],
            [branch, upstream],
            [dice.pick(oids), branch],
          ] as const) {
            const expected = linesOf(await repository.git(["rev-list", ...flags, `${from}...${to}`]));
            const answer = await unlessUnsupported(git.history.unappliedCommits(view, from, to));
            if (answer === undefined) continue;
            served++;
            expect({ from, to, commits: answer }).toEqual({ from, to, commits: expected });
          }
        }
        expect(served).toBeGreaterThanOrEqual(40);
      });
    });

    describe("listBlobs", () => {
      const parse = (line: string): ListedBlob => {
        const [oid, path] = [line.slice(0, 40), line.slice(41)];
        return path === "" ? { oid } : { oid, path };
      };

      async function revListBlobs(repository: TemporaryRepository, ...revisions: string[]): Promise<ListedBlob[]> {
        const args = ["rev-list", "--objects", "--in-commit-order", "--filter=object:type=blob", ...revisions, "--"];
        const types = await repository.git(["cat-file", "--batch-check=%(objecttype)"], {
          input: (await repository.git(args)).toString("latin1").replace(/ .*$/gm, ""),
        });
        const lines = linesOf(await repository.git(args));
        return lines.filter((_, index) => linesOf(types)[index] === "blob").map(parse);
      }

      test("are rev-list's blobs in its order", async () => {
        await using repository = await TemporaryRepository.create();
        const view = viewOf(repository);
        const oids = await makeRandomHistory(repository, new Dice(4000), { commits: 150, wrongClocks: true });
        const blob = await repository.text(["rev-parse", `${oids[100]!}:d0/e0/f0`]).catch(() => oids[0]!);
        await repository.git(["tag", "blob", blob]);
        const tree = await repository.text(["rev-parse", "main:d0"]);
        const questions = [
          ["main"],
          ["--all"],
          ["b1", "main:d1", "--tags"],
          [tree],
          [blob],
          ["main:d0/e0"],
          ["main^{tree}"],
        ];
        for (const revisions of questions) {
          const expected = await revListBlobs(repository, ...revisions);
          expect({ revisions, blobs: await collect(git.objects.listBlobs(view, revisions)) }).toEqual({
            revisions,
            blobs: expected,
          });
          const cut = await collect(git.objects.listBlobs(view, revisions, 3));
          expect(cut).toEqual(expected.slice(0, 3));
        }
      });

      test("leaves out what exclusions reach, or leaves the question to git", async () => {
        await using repository = await TemporaryRepository.create();
        const old = await repository.commit({ files: { a: "1", b: "2" } });
        await repository.commit({ files: { a: "1", b: "3" } });
        const answer = await unlessUnsupported(collect(git.objects.listBlobs(viewOf(repository), ["main", `^${old}`])));
        if (answer !== undefined) expect(answer.map(({ path }) => path)).toEqual(["b"]);
      });

      test("says which revision is unknown", async () => {
        await using repository = await TemporaryRepository.create();
        const error = await errorOf(collect(git.objects.listBlobs(viewOf(repository), ["nothing"])));
        expect(error.reason).toBe("revision_not_found");
      });
    });

    test("a shallow repository has the history that git tells", async () => {
      await using repository = await TemporaryRepository.create();
      const first = await repository.commit({ files: { a: "1" } });
      const second = await repository.commit({ files: { a: "2" } });
      await writeFile(join(repository.path, "shallow"), `${second}\n`);
      const answer = await unlessUnsupported(collect(git.history.log(viewOf(repository), { revisions: ["main"] })));
      if (answer !== undefined) expect(answer).toEqual([second]);
      expect(await unlessUnsupported(git.history.isAncestor(viewOf(repository), first, second))).not.toBe(true);
    });
  });
}
