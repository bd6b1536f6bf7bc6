import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BlamedLines, BlameQuery, GitBackend, RepositoryView } from "../../src/backend/backend.ts";
import { createShellBackend } from "../../src/backend/shell/shell-backend.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { unquotePath } from "../../src/domain/quote-path.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { collect } from "../support/collect.ts";
import { failureOf } from "../support/failure-of.ts";
import { changeTree, Dice, type GeneratedTree, generateTree, ImportStream } from "../support/generated-trees.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

/** Another seed gives other histories and questions. */
const SEED = Number(process.env["HOLDFAST_TEST_SEED"] ?? 1);
const HISTORIES = 6;
const COMMITS = 30;
const QUESTIONS = 20;

/** What is told of one line. */
interface BlamedLine {
  readonly commitOid: string;
  readonly originalLine: number;
  readonly finalLine: number;
  readonly originalPath: string;
  readonly previous?: string;
}

/** What git says: line by line, and how many lines it takes together. */
interface RefereeAnswer {
  readonly lines: readonly BlamedLine[];
  readonly counts: readonly number[];
}

/** Asks git; the path is given as a shell's printf makes it, since it need not be UTF-8. */
function referee(repository: TemporaryRepository, query: BlameQuery): RefereeAnswer | string {
  const octal = Array.from(query.path, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");
  const { firstLine, lastLine } = query;
  const range = firstLine === undefined && lastLine === undefined ? "" : `-L ${firstLine ?? 1},${lastLine ?? ""}`;
  const script = `git blame --line-porcelain ${range} ${query.commit} -- "$(printf '${octal}')"`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], {
    cwd: repository.path,
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) return stderr.toString("latin1");
  const lines: BlamedLine[] = [];
  const counts: number[] = [];
  const pathOf = (written: string) => unquotePath(written) ?? written;
  let header: string[] = [];
  let previous: string | undefined;
  let originalPath = "";
  for (const line of stdout.toString("latin1").split("\n").slice(0, -1)) {
    if (line.startsWith("\t")) {
      const [commitOid, originalLine, finalLine, count] = header;
      if (count !== undefined) counts.push(Number(count));
      lines.push({
        commitOid: commitOid!,
        originalLine: Number(originalLine),
        finalLine: Number(finalLine),
        originalPath,
        ...(previous === undefined ? {} : { previous }),
      });
      header = [];
      previous = undefined;
    } else if (header.length === 0) {
      header = line.split(" ");
    } else if (line.startsWith("previous ")) {
      const [, oid, ...path] = line.split(" ");
      previous = `${oid} ${pathOf(path.join(" "))}`;
    } else if (line.startsWith("filename ")) {
      originalPath = pathOf(line.slice("filename ".length));
    }
  }
  return { lines, counts };
}

function lineByLine(groups: readonly BlamedLines[]): RefereeAnswer {
  const lines = groups.flatMap(({ commitOid, finalLine, originalLine, lineCount, originalPath, previous }) =>
    Array.from({ length: lineCount }, (_, at) => ({
      commitOid,
      originalLine: originalLine + at,
      finalLine: finalLine + at,
      originalPath,
      ...(previous === undefined ? {} : { previous: `${previous.commitOid} ${previous.path}` }),
    })),
  );
  return { lines, counts: groups.map(({ lineCount }) => lineCount) };
}

/** The reason that git's words amount to. */
function reasonOf(stderr: string): string {
  if (stderr.includes("no such path")) return "path_not_found";
  if (stderr.includes("has only")) return "invalid_input";
  return stderr;
}

interface History {
  readonly repository: TemporaryRepository;
  readonly commits: readonly { readonly oid: string; readonly tree: GeneratedTree }[];
}

/** Files that are edited, moved and merged: each merge takes some files from the one side, some from the other, and some from both. */
async function makeHistory(dice: Dice): Promise<History> {
  const stream = new ImportStream();
  const made: { mark: number; tree: GeneratedTree }[] = [];
  for (let at = 0; at < COMMITS; at++) {
    const first = made[Math.max(0, at - 1 - dice.below(3))];
    const second = at > 3 && dice.chance(0.3) ? dice.pick(made) : undefined;
    if (first === undefined) {
      const tree = generateTree(dice);
      made.push({ mark: stream.commit(tree), tree });
      continue;
    }
    const parents = second === undefined || second === first ? [first] : [first, second];
    const tree = changeTree(dice, second === undefined ? first.tree : merged(dice, first.tree, second.tree));
    const marks = parents.map(({ mark }) => mark);
    made.push({ mark: stream.commit(tree, marks), tree });
  }
  const repository = await TemporaryRepository.create();
  await repository.git(["fast-import", "--quiet", "--force", "--done", "--export-marks=marks"], {
    input: stream.bytes(),
  });
  const oids = new Map(
    (await Bun.file(join(repository.path, "marks")).text())
      .trim()
      .split("\n")
      .map((line) => line.slice(1).split(" "))
      .map(([mark, oid]) => [Number(mark), oid!]),
  );
  return { repository, commits: made.map(({ mark, tree }) => ({ oid: oids.get(mark)!, tree })) };
}

function merged(dice: Dice, ours: GeneratedTree, theirs: GeneratedTree): GeneratedTree {
  return new Map(
    [...ours].map(([path, file]) => {
      const other = theirs.get(path);
      if (other === undefined || other.mode !== file.mode || dice.chance(0.3)) return [path, file];
      if (file.mode === "160000" || dice.chance(0.3)) return [path, other];
      const [a, b] = [file, other].map(({ content }) => content.split("\n")) as [string[], string[]];
      return [path, { ...file, content: [...a.slice(0, a.length / 2), ...b.slice(b.length / 2)].join("\n") }];
    }),
  );
}

function randomQuestion(dice: Dice, { commits }: History): BlameQuery {
  const { oid, tree } = dice.pick(commits.slice(-10));
  const paths = [...tree.keys()];
  const path = paths.length === 0 || dice.chance(0.05) ? "absent" : dice.pick(paths);
  const firstLine = 1 + dice.below(dice.chance(0.7) ? 12 : 60);
  return {
    commit: oid,
    path: dice.chance(0.05) ? path.split("/")[0]! : path,
    ...(dice.chance(0.4) && { firstLine }),
    ...(dice.chance(0.3) && { lastLine: firstLine + dice.below(20) }),
  };
}

const viewOf = (repository: TemporaryRepository, objectFormat: "sha1" | "sha256" = "sha1"): RepositoryView => ({
  gitDir: repository.path,
  objectFormat,
});

// The library leaves blame to native git, so the router stands for both.
const UNDER_TEST = BACKENDS_UNDER_TEST.filter(({ name }) => name !== "libgit2");

describe("blame of random histories", () => {
  const backends: GitBackend[] = [];

  beforeAll(() => {
    backends.push(...UNDER_TEST.map(({ open }) => open()));
  });

  afterAll(async () => {
    for (const backend of backends) await backend.close();
  });

  for (let at = 0; at < HISTORIES; at++) {
    const seed = SEED * 1000 + at;
    test(`with seed ${seed}`, async () => {
      const dice = new Dice(seed);
      const history = await makeHistory(dice);
      await using repository = history.repository;
      const view = viewOf(repository);
      let lines = 0;
      for (let asked = 0; asked < QUESTIONS; asked++) {
        const query = randomQuestion(dice, history);
        const expected = referee(repository, query);
        for (const backend of backends) {
          const answer = collect(backend.history.blame(view, query));
          if (typeof expected === "string") {
            expect(await failureOf(answer)).toMatchObject({ reason: reasonOf(expected) });
          } else {
            expect({ query, ...lineByLine(await answer) }).toEqual({ query, ...expected });
            lines += expected.lines.length;
          }
        }
      }
      expect(lines).toBeGreaterThan(0);
    });
  }
});

for (const { name, open } of UNDER_TEST) {
  describe(`blame over ${name}`, () => {
    let backend: GitBackend;
    let repository: TemporaryRepository;
    let view: RepositoryView;
    let first: string;
    let second: string;
    let tip: string;

    const ask = (query: Partial<BlameQuery>) =>
      collect(backend.history.blame(view, { commit: tip, path: "text", ...query }));

    beforeAll(async () => {
      backend = open();
      repository = await TemporaryRepository.create();
      view = viewOf(repository);
      const more = { empty: "", binary: "\0\x01\xff\nx\n\0", "dir/\xff \"q'\n": "odd\n", ":(top)x": "magic\n" };
      first = await repository.commit({ files: { ...more, old: "a\nb\nc\r\n", "dir/deep": "d\n" } });
      second = await repository.commit({ files: { ...more, text: "a\nB\nc\r\n", "dir/deep": "d\n" } });
      tip = await repository.commit({ files: { ...more, text: "new\na\nB\nc\r\nlast", "dir/deep": "d\n" } });
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    test("follows a file through its renames, and says where it was before", async () => {
      expect(await ask({})).toEqual([
        {
          commitOid: tip,
          finalLine: 1,
          originalLine: 1,
          lineCount: 1,
          originalPath: "text",
          previous: { commitOid: second, path: "text" },
        },
        { commitOid: first, finalLine: 2, originalLine: 1, lineCount: 1, originalPath: "old" },
        {
          commitOid: second,
          finalLine: 3,
          originalLine: 2,
          lineCount: 1,
          originalPath: "text",
          previous: { commitOid: first, path: "old" },
        },
        { commitOid: first, finalLine: 4, originalLine: 3, lineCount: 1, originalPath: "old" },
        {
          commitOid: tip,
          finalLine: 5,
          originalLine: 5,
          lineCount: 1,
          originalPath: "text",
          previous: { commitOid: second, path: "text" },
        },
      ]);
    });

    const RANGES: readonly (readonly [Partial<BlameQuery>, readonly number[]])[] = [
      [{ firstLine: 4 }, [4, 5]],
      [{ lastLine: 2 }, [1, 2]],
      [{ firstLine: 2, lastLine: 3 }, [2, 3]],
      [{ firstLine: 5, lastLine: 5 }, [5]],
      [{ firstLine: 5, lastLine: Number.MAX_SAFE_INTEGER }, [5]],
    ];
    for (const [range, lines] of RANGES) {
      test(`of lines ${JSON.stringify(range)}`, async () => {
        expect((await ask(range)).map(({ finalLine }) => finalLine)).toEqual([...lines]);
      });
    }

    test("of an empty file is empty, of a binary one by its newlines, of odd names by their bytes", async () => {
      expect(await ask({ path: "empty" })).toEqual([]);
      expect(await ask({ path: "binary" })).toMatchObject([{ commitOid: first, finalLine: 1, lineCount: 3 }]);
      for (const path of ["dir/\xff \"q'\n", ":(top)x"]) {
        expect(await ask({ path })).toMatchObject([{ commitOid: first, originalPath: path, lineCount: 1 }]);
      }
    });

    const FAILURES: readonly (readonly [string, Partial<BlameQuery>, object])[] = [
      ["an absent path", { path: "absent" }, { reason: "path_not_found", details: { path: "absent" } }],
      ["a directory", { path: "dir" }, { reason: "path_not_found" }],
      ["the root", { path: "" }, { reason: "path_not_found" }],
      ...["dir//deep", "./text", "dir/../text", "/text", "text/", "../text", "text\0"].map(
        (path) =>
          [`the path ${JSON.stringify(path)}`, { path }, { reason: "path_not_found", details: { path } }] as const,
      ),
      [
        "an absent commit",
        { commit: "1".repeat(40) },
        { reason: "object_not_found", details: { oid: "1".repeat(40) } },
      ],
      ["a name", { commit: "main" }, { reason: "object_not_found" }],
      ["an option", { commit: "--contents=/etc/hostname" }, { reason: "object_not_found" }],
      ["line 0", { firstLine: 0 }, { reason: "invalid_input", details: { field: "firstLine" } }],
      ["half a line", { lastLine: 1.5 }, { reason: "invalid_input", details: { field: "lastLine" } }],
      ["no number", { lastLine: Number.NaN }, { reason: "invalid_input", details: { field: "lastLine" } }],
      ["a range backwards", { firstLine: 3, lastLine: 2 }, { reason: "invalid_input", details: { field: "lastLine" } }],
      [
        "a line behind the end",
        { firstLine: 6 },
        {
          reason: "invalid_input",
          details: { field: "firstLine", problem: "is behind the end: the file has 5 lines" },
        },
      ],
      ["a line of an empty file", { path: "empty", firstLine: 1 }, { reason: "invalid_input" }],
    ];
    for (const [what, query, expected] of FAILURES) {
      test(`refuses ${what}`, async () => {
        const error = await failureOf(ask(query));
        expect(error).toBeInstanceOf(OperationError);
        expect(error).toMatchObject(expected);
      });
    }

    test("refuses a tree, and takes a tag for its commit", async () => {
      const tree = await repository.text(["rev-parse", `${tip}^{tree}`]);
      expect(await failureOf(ask({ commit: tree }))).toMatchObject({ reason: "not_a_commit", details: { oid: tree } });
      await repository.git(["tag", "-f", "-a", "-m", "v", "v1", second]);
      const tag = await repository.text(["rev-parse", "v1"]);
      expect(await ask({ commit: tag })).toEqual(await ask({ commit: second }));
    });

    test("is not changed, and runs nothing, by the repository's configuration", async () => {
      const before = await ask({});
      const trace = join(repository.path, "ran");
      const ignored = join(repository.path, "ignored-revisions");
      await writeFile(ignored, `${second}\n`);
      await mkdir(join(repository.path, "info"), { recursive: true });
      await writeFile(join(repository.path, "info", "attributes"), "* diff=odd\n");
      await repository.git(["config", "diff.odd.textconv", `touch '${trace}'; tr a-z A-Z <`]);
      await repository.git(["config", "blame.ignoreRevsFile", ignored]);
      const asGitWould = await repository.text(["blame", "-s", tip, "--", "text"]);
      expect([existsSync(trace), asGitWould.includes("NEW")]).toEqual([true, true]);
      await repository.git(["config", "--unset", "diff.odd.textconv"]);
      expect(await repository.text(["blame", "-s", tip, "--", "text"])).not.toContain(second.slice(0, 8));
      await repository.git(["config", "diff.odd.textconv", `touch '${trace}-again'; tr a-z A-Z <`]);
      expect(await ask({})).toEqual(before);
      expect(existsSync(`${trace}-again`)).toBe(false);
      await repository.git(["config", "--unset", "blame.ignoreRevsFile"]);
    });

    test("of more groups than fit in one batch, in order", async () => {
      const lines = Array.from({ length: 2500 }, (_, at) => `line ${at}`);
      await repository.commit({ branch: "long", files: { long: `${lines.join("\n")}\n` } });
      const edited = lines.map((line, at) => (at % 2 === 0 ? line : `${line}!`));
      const commit = await repository.commit({ branch: "long", files: { long: `${edited.join("\n")}\n` } });
      const sizes: number[] = [];
      let next = 1;
      for await (const batch of backend.history.blame(view, { commit, path: "long" })) {
        sizes.push(batch.length);
        for (const { finalLine, lineCount } of batch) {
          expect(finalLine).toBe(next);
          next += lineCount;
        }
      }
      expect([sizes, next]).toEqual([[1000, 1000, 500], 2501]);
    });

    test("in a repository of SHA-256", async () => {
      await using other = await TemporaryRepository.create({ objectFormat: "sha256" });
      const old = await other.commit({ files: { a: "1\n" } });
      const commit = await other.commit({ files: { b: "1\n2\n" } });
      const query = { commit, path: "b" };
      const answer = await collect(backend.history.blame(viewOf(other, "sha256"), query));
      expect(lineByLine(answer)).toEqual(referee(other, query) as RefereeAnswer);
      expect(answer.map(({ commitOid }) => commitOid)).toEqual([old, commit]);
    });

    test("of what is still in a quarantine", async () => {
      const inside = { ...view, quarantineDir: join(repository.path, "quarantine-blame") };
      const blob = await backend.objects.write(inside, "blob", Buffer.from("new\na\nB\nc\r\nmine\n"));
      const base = await repository.text(["rev-parse", `${tip}^{tree}`]);
      const tree = await backend.objects.editTree(inside, base, [{ path: "text", mode: 0o100644, oid: blob }]);
      const who = "Jane Doe <jane@example.com> 1700000001 +0000";
      const text = `tree ${tree}\nparent ${tip}\nauthor ${who}\ncommitter ${who}\n\nmine\n`;
      const commit = await backend.objects.write(inside, "commit", Buffer.from(text));
      const groups = await collect(backend.history.blame(inside, { commit, path: "text", firstLine: 5 }));
      expect(groups).toMatchObject([{ commitOid: commit, previous: { commitOid: tip, path: "text" } }]);
      await backend.quarantine.discard(inside);
    });
  });
}

describe("blame that nobody waits for", () => {
  test("ends its child", async () => {
    await using repository = await TemporaryRepository.create();
    const commit = await repository.commit({ files: { a: "1\n2\n" } });
    const pids: number[] = [];
    const backend = createShellBackend({ onChild: ({ kind, pid }) => kind === "started" && pids.push(pid) });
    const aborter = new AbortController();
    aborter.abort();
    const view = { ...viewOf(repository), signal: aborter.signal };
    const error = await failureOf(collect(backend.history.blame(view, { commit, path: "a" })));
    expect(error).toMatchObject({ reason: "canceled" });
    for await (const _ of backend.history.blame(viewOf(repository), { commit, path: "a" })) break;
    expect(backend.childPids).toEqual([]);
    expect(pids.length).toBeGreaterThan(0);
    await backend.close();
  });
});
