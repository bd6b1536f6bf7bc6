import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import type { DiffSpec, GitBackend, RepositoryView } from "../../src/backend/backend.ts";
import { hasReason } from "../../src/domain/errors.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const ABSENT = "0123456789012345678901234567890123456789";
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const ENGLISH = "one\ntwo\nthree\nfour\nfive\n";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

for (const { name, open } of BACKENDS_UNDER_TEST) {
  describe(`diff over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: GitBackend;
    let view: RepositoryView;
    let left: string;
    let right: string;

    beforeAll(async () => {
      repository = await TemporaryRepository.create();
      backend = open();
      view = { gitDir: repository.path, objectFormat: "sha1" };
      left = await repository.commit({
        files: { "a.txt": "a\n", "d/x": "1 2\n", "d/y": "1\n", "d.txt": "1\n", e: "1\n" },
      });
      right = await repository.commit({
        files: { "a.txt": "b\n", "d/x": "1  2\n", "d/y": "2\n", "d.txt": "2\n", e: "1\n" },
      });
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    const patchesOf = async (spec: Partial<DiffSpec> = {}, from = view) =>
      (await collect(backend.diff.patches(from, { left, right, renameThreshold: 30, ...spec }))).map(
        ({ newPath, patch }) => [newPath, Buffer.from(patch).toString("latin1")] as const,
      );

    /** Only libgit2 leaves inputs to another backend; the others have to answer. */
    const declined = async (answer: Promise<unknown>) => {
      expect(
        await answer.then(
          () => "an answer",
          (error: unknown) => hasReason(error, "unsupported"),
        ),
      ).toBe(true);
    };

    describe("patches", () => {
      test("come in the order of paths", async () => {
        expect(await patchesOf()).toEqual([
          ["a.txt", "@@ -1 +1 @@\n-a\n+b\n"],
          ["d.txt", "@@ -1 +1 @@\n-1\n+2\n"],
          ["d/x", "@@ -1 +1 @@\n-1 2\n+1  2\n"],
          ["d/y", "@@ -1 +1 @@\n-1\n+2\n"],
        ]);
      });

      test.each([
        [["d"], ["d/x", "d/y"]],
        [
          ["d/y", "a.txt"],
          ["a.txt", "d/y"],
        ],
        [["e"], []],
        [["none", "d/x/below"], []],
      ])("of paths %p", async (paths, expected) => {
        expect((await patchesOf({ paths })).map(([path]) => path)).toEqual(expected);
      });

      test("of pathspecs", async () => {
        if (name === "libgit2") return await declined(patchesOf({ paths: ["*.txt"] }));
        expect((await patchesOf({ paths: ["*.txt"] })).map(([path]) => path)).toEqual(["a.txt", "d.txt"]);
      });

      test.each([
        ["ignore-change", "ab\n", "a b\n", "@@ -1 +1 @@\n-ab\n+a b\n"],
        ["ignore-change", "a b\n", "a  b \n", ""],
        ["ignore-all", "ab\n", "a b\n", ""],
        ["ignore-all", "ab\n", "a\fb\n", "@@ -1 +1 @@\n-ab\n+a\fb\n"],
        ["ignore-all", "a b\n1\n", "a  b\n2\n", "@@ -1,2 +1,2 @@\n a  b\n-1\n+2\n"],
      ] as const)("without white space: %s %j %j", async (whitespace, before, after, expected) => {
        const treeOf = async (content: string) =>
          repository.text(["mktree"], { input: `100644 blob ${await repository.writeObject("blob", content)}\tf\n` });
        const spec = { left: await treeOf(before), right: await treeOf(after), whitespace };
        expect(await patchesOf(spec)).toEqual([["f", expected]]);
      });

      test("by words", async () => {
        const spec = { paths: ["a.txt"], wordDiff: true };
        if (name === "libgit2") return await declined(patchesOf(spec));
        expect(await patchesOf(spec)).toEqual([["a.txt", "@@ -1 +1 @@\n-a\n+b\n~\n"]]);
      });

      test("of renames, where they are wanted", async () => {
        const moved = await repository.commit({ branch: "moved", files: { new: ENGLISH } });
        const old = await repository.commit({ branch: "old", files: { old: ENGLISH } });
        const spec = { left: old, right: moved };
        const found = await collect(backend.diff.patches(view, spec));
        expect(found.map(({ status, newPath }) => [status, newPath])).toEqual([
          ["added", "new"],
          ["deleted", "old"],
        ]);
        if (name === "libgit2") return await declined(patchesOf(spec));
        const [renamed] = await collect(backend.diff.patches(view, { ...spec, renameThreshold: 30 }));
        expect(renamed).toMatchObject({ status: "renamed", oldPath: "old", newPath: "new", score: 100 });
      });

      test("of a change of type: a deletion and an addition in one", async () => {
        const blob = await repository.writeObject("blob", "x");
        const tree = (mode: string) => repository.text(["mktree"], { input: `${mode} blob ${blob}\tf\n` });
        const spec = { left: await tree("100644"), right: await tree("120000") };
        const found = await collect(backend.diff.patches(view, { ...spec, renameThreshold: 30 }));
        const none = "\\ No newline at end of file\n";
        expect(found).toMatchObject([{ status: "type-changed", oldMode: 0o100644, newMode: 0o120000, binary: false }]);
        expect(Buffer.from(found[0]!.patch).toString()).toBe(`@@ -1 +0,0 @@\n-x\n${none}@@ -0,0 +1 @@\n+x\n${none}`);
      });

      test("of files above 50 MiB are binary", async () => {
        const line = `${"x".repeat(1023)}\n`;
        const big = Buffer.alloc(50 * 1024 * 1024 + 1, line);
        const [exact, above] = [big.subarray(0, -1), big].map((content) => repository.writeObject("blob", content));
        const tree = await repository.text(["mktree"], {
          input: `100644 blob ${await exact}\texact\n100644 blob ${await above}\tabove\n`,
        });
        const spec = { left: EMPTY_TREE, right: tree, paths: ["above"], renameThreshold: 30 };
        const [found] = await collect(backend.diff.patches(view, spec));
        expect(found?.binary).toBe(true);
        expect(Buffer.from(found!.patch).toString()).toBe("Binary files /dev/null and b/above differ\n");
        const stats = (await collect(backend.diff.stats(view, EMPTY_TREE, tree))).flat();
        expect(stats.map(({ path, additions }) => [path, additions])).toEqual([
          ["above", 0],
          ["exact", 51_200],
        ]);
      }, 30_000);

      test("of many files and of large ones", async () => {
        const line = "a line of some length, over and over again\n";
        const files = Object.fromEntries([
          ...Array.from({ length: 2500 }, (_, i) => [`many/${i}`, `${i}\n`] as const),
          ...Array.from({ length: 6 }, (_, i) => [`large/${i}`, line.repeat(50_000)] as const),
        ]);
        const commit = await repository.commit({ branch: "many", files });
        const spec = { left: EMPTY_TREE, right: commit, renameThreshold: 30 };
        const found = await patchesOf(spec);
        expect(found.map(([path]) => path)).toEqual(Object.keys(files).sort());
        for (const [path, patch] of found) {
          const lines = files[path]!.split("\n").length - 1;
          expect(patch).toBe(
            `@@ -0,0 +1${lines === 1 ? "" : `,${lines}`} @@\n${files[path]!.replaceAll(/^(?=.)/gm, "+")}`,
          );
        }
        const stats = (await collect(backend.diff.stats(view, EMPTY_TREE, commit))).flat();
        expect(stats.map(({ additions }) => additions)).toEqual(
          found.map(([path]) => (path.startsWith("large") ? 50_000 : 1)),
        );
        const text = Buffer.concat(await collect(backend.diff.raw(view, EMPTY_TREE, commit)));
        const expected = await repository.git(["diff-tree", "-p", "-r", "--full-index", EMPTY_TREE, commit]);
        expect(text.equals(expected)).toBe(true);
        // Who has seen enough may leave.
        for await (const _ of backend.diff.patches(view, spec)) break;
      }, 30_000);

      test("of objects in a quarantine", async () => {
        const quarantineDir = `${repository.path}/objects/incoming-${name}`;
        await mkdir(quarantineDir);
        const quarantined = { ...view, quarantineDir };
        const oid = await backend.objects.write(quarantined, "blob", Buffer.from("c\n"));
        const tree = await backend.objects.editTree(quarantined, right, [{ path: "a.txt", mode: 0o100644, oid }]);
        expect(await patchesOf({ left: right, right: tree }, quarantined)).toEqual([
          ["a.txt", "@@ -1 +1 @@\n-b\n+c\n"],
        ]);
        await backend.quarantine.discard(quarantined);
      });

      test("of an object that is not there", async () => {
        for (const spec of [{ left: ABSENT }, { right: ABSENT }, { left: "none" }]) {
          const answer = patchesOf(spec);
          expect(
            await answer.then(
              () => "an answer",
              (error: unknown) => hasReason(error, "object_not_found"),
            ),
          ).toBe(true);
        }
      });

      test("of a request that was cancelled", async () => {
        const signal = AbortSignal.abort();
        const answer = patchesOf({}, { ...view, signal });
        expect(
          await answer.then(
            () => "an answer",
            (error: unknown) => hasReason(error, "canceled"),
          ),
        ).toBe(true);
      });
    });

    test("settings of the repository count", async () => {
      await using other = await TemporaryRepository.create();
      const [one, two] = [await other.commit({ files: { f: "a\n" } }), await other.commit({ files: { f: "b\n" } })];
      const otherView = { ...view, gitDir: other.path };
      const answer = () => collect(backend.diff.raw(otherView, one, two));
      const check = async () => {
        if (name === "libgit2") return await declined(answer());
        const expected = await other.git(["diff-tree", "-p", "-r", "--full-index", "-M", one, two]);
        expect(Buffer.concat(await answer()).toString()).toBe(expected.toString());
      };
      expect(Buffer.concat(await answer()).toString()).toContain("@@ -1 +1 @@");
      await other.git(["config", "diff.algorithm", "patience"]);
      await check();
      await other.git(["config", "--unset", "diff.algorithm"]);
      await mkdir(`${other.path}/info`, { recursive: true });
      await writeFile(`${other.path}/info/attributes`, "f binary\n");
      await check();
    });

    describe("changedPaths", () => {
      test("of a root commit: none", async () => {
        expect(await collect(backend.diff.changedPaths(view, [{ kind: "commit", commit: left }], "include"))).toEqual(
          [],
        );
      });

      test("tell the commit that was asked about", async () => {
        const [leftTree = "", rightTree = ""] = (
          await repository.text(["rev-parse", `${left}^{tree}`, `${right}^{tree}`])
        ).split("\n");
        const rows = await collect(
          backend.diff.changedPaths(
            view,
            [
              { kind: "commit", commit: right },
              { kind: "trees", left: leftTree, right: rightTree },
              { kind: "commit", commit: left, parents: [right] },
            ],
            "include",
          ),
        );
        const told = rows.flat().filter(({ newPath }) => newPath === "a.txt");
        expect(told.map(({ commitOid, status }) => [commitOid, status])).toEqual([
          [right, "modified"],
          ["", "modified"],
          [left, "modified"],
        ]);
      });

      test("of nothing", async () => {
        expect(await collect(backend.diff.changedPaths(view, [], "include"))).toEqual([]);
      });

      test("of an object that is not there", async () => {
        const answer = collect(backend.diff.changedPaths(view, [{ kind: "commit", commit: ABSENT }], "include"));
        expect(
          await answer.then(
            () => "an answer",
            (error: unknown) => hasReason(error, "object_not_found"),
          ),
        ).toBe(true);
      });

      test("in a shallow clone, whose first commits have no parents", async () => {
        await using shallow = await TemporaryRepository.create();
        await shallow.git(["fetch", "--quiet", "--depth=1", `file://${repository.path}`, "main:main"]);
        const shallowView = { ...view, gitDir: shallow.path };
        const answer = collect(backend.diff.changedPaths(shallowView, [{ kind: "commit", commit: right }], "include"));
        if (name === "libgit2") return await declined(answer);
        expect(await answer).toEqual([]);
      });
    });
  });
}
