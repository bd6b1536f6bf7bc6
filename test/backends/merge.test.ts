import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import type { GitBackend, MergeResult, QuarantinedView } from "../../src/backend/backend.ts";
import { hasReason } from "../../src/domain/errors.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const ABSENT = "0123456789012345678901234567890123456789";

for (const { name, open } of BACKENDS_UNDER_TEST) {
  describe(`merge over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: GitBackend;
    let view: QuarantinedView;
    let base: string;
    let ours: string;
    let theirs: string;
    let clash: string;
    let quarantines = 0;

    beforeAll(async () => {
      repository = await TemporaryRepository.create();
      backend = open();
      const files = { "a.txt": "a\n", "d/b.txt": "b\n", "d/c.txt": "c\n" };
      base = await repository.commit({ files });
      ours = await repository.commit({ branch: "ours", parents: [base], files: { ...files, "d/b.txt": "ours\n" } });
      theirs = await repository.commit({
        branch: "theirs",
        parents: [base],
        files: { ...files, "d/c.txt": "theirs\n" },
      });
      clash = await repository.commit({
        branch: "clash",
        parents: [base],
        files: { ...files, "a.txt": "clash\n", "d/b.txt": "clash\n" },
      });
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    beforeEach(async () => {
      const quarantineDir = `${repository.path}/objects/incoming-${quarantines++}`;
      await mkdir(quarantineDir);
      view = { gitDir: repository.path, objectFormat: "sha1", quarantineDir };
    });

    afterEach(() => backend.quarantine.discard(view));

    /** Only libgit2 leaves merges to another backend. */
    const orDeclined = async (answer: Promise<MergeResult>) => {
      if (name !== "libgit2") return await answer;
      expect(
        await answer.then(
          () => "an answer",
          (error: unknown) => hasReason(error, "unsupported"),
        ),
      ).toBe(true);
      return undefined;
    };

    /** The answer, unless the backend has no merge bases of its own. */
    const withBases = async (answer: Promise<MergeResult>) =>
      backend.supports.has("history.mergeBases") ? await answer : await orDeclined(answer);

    const filesOf = async (tree: string) => {
      const files: Record<string, string> = {};
      for await (const batch of backend.objects.listTree(view, tree, { recursive: true }))
        for (const { path, type, oid } of batch)
          if (type === "blob") files[path] = Buffer.from((await backend.objects.read(view, oid))!.content).toString();
      return files;
    };

    const merged = { "a.txt": "a\n", "d/b.txt": "ours\n", "d/c.txt": "theirs\n" };

    describe("mergeTrees", () => {
      test("takes what each side changed, and writes into the quarantine only", async () => {
        const result = await backend.merge.mergeTrees(view, base, ours, theirs);
        if (!result.clean) throw new Error("a conflict");
        expect(await filesOf(result.tree)).toEqual(merged);
        const { quarantineDir: _, ...outside } = view;
        expect(await backend.objects.info(outside, result.tree)).toBeUndefined();
        await backend.quarantine.materialize(view);
        const env = {
          GIT_OBJECT_DIRECTORY: view.quarantineDir,
          GIT_ALTERNATE_OBJECT_DIRECTORIES: `${view.gitDir}/objects`,
        };
        expect(await repository.text(["rev-parse", `${result.tree}:d/c.txt`], { env })).toBe(
          await repository.text(["rev-parse", `${theirs}:d/c.txt`]),
        );
      });

      test("takes trees, too", async () => {
        const trees = await Promise.all(
          [base, ours, theirs].map((commit) => repository.text(["rev-parse", `${commit}^{tree}`])),
        );
        const [first, second] = [
          await backend.merge.mergeTrees(view, trees[0], trees[1]!, trees[2]!),
          await backend.merge.mergeTrees(view, base, ours, theirs),
        ];
        expect(first).toEqual(second);
      });

      test("of equal sides, and of a side that changed nothing", async () => {
        const tree = await repository.text(["rev-parse", `${ours}^{tree}`]);
        expect(await backend.merge.mergeTrees(view, base, ours, ours)).toEqual({ clean: true, tree });
        expect(await backend.merge.mergeTrees(view, base, base, ours)).toEqual({ clean: true, tree });
        expect(await backend.merge.mergeTrees(view, base, ours, base)).toEqual({ clean: true, tree });
      });

      test("without a base", async () => {
        const other = await repository.commit({ branch: "other", files: { "other.txt": "other\n" } });
        const result = await backend.merge.mergeTrees(view, undefined, base, other);
        if (!result.clean) throw new Error("a conflict");
        expect(Object.keys(await filesOf(result.tree))).toEqual(["a.txt", "d/b.txt", "d/c.txt", "other.txt"]);
      });

      test("of nothing but deletions gives the empty tree", async () => {
        const file = (files: Record<string, string>, parents: string[]) =>
          repository.commit({ branch: `two-${parents.length}-${Object.keys(files).join("")}`, parents, files });
        const both = await file({ x: "x\n", y: "y\n" }, []);
        const [x, y] = [await file({ x: "x\n" }, [both]), await file({ y: "y\n" }, [both])];
        const tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        expect(await backend.merge.mergeTrees(view, both, x, y)).toEqual({ clean: true, tree });
      });

      test("tells the paths in conflict", async () => {
        const result = await orDeclined(backend.merge.mergeTrees(view, base, ours, clash));
        if (result !== undefined) expect(result).toEqual({ clean: false, conflictingPaths: ["d/b.txt"] });
      });

      test("of an object that is not there", async () => {
        for (const [b, o, t] of [
          [ABSENT, ours, theirs],
          [base, ABSENT, theirs],
          [base, ours, "none"],
        ] as const) {
          const answer = backend.merge.mergeTrees(view, b, o, t);
          expect(
            await answer.then(
              () => "an answer",
              (error: unknown) => hasReason(error, "object_not_found"),
            ),
          ).toBe(true);
        }
      });
    });

    describe("mergeCommits", () => {
      test("finds the base", async () => {
        const result = await withBases(backend.merge.mergeCommits(view, ours, theirs));
        if (result === undefined) return;
        if (!result.clean) throw new Error("a conflict");
        expect(await filesOf(result.tree)).toEqual(merged);
      });

      test("of unrelated histories", async () => {
        const other = await repository.commit({ branch: "unrelated", files: { "other.txt": "other\n" } });
        const result = await withBases(backend.merge.mergeCommits(view, ours, other));
        if (result !== undefined) expect(result.clean).toBe(true);
      });

      test("with several bases", async () => {
        const cross = async (branch: string, parents: string[]) =>
          repository.commit({
            branch,
            parents,
            files: { "a.txt": "a\n", "d/b.txt": "ours\n", "d/c.txt": "theirs\n", [branch]: "x" },
          });
        const [left, right] = [await cross("left", [ours, theirs]), await cross("right", [theirs, ours])];
        const result = await orDeclined(backend.merge.mergeCommits(view, left, right));
        if (result !== undefined) expect(result.clean).toBe(true);
      });

      test("tells the paths in conflict", async () => {
        const result = await orDeclined(backend.merge.mergeCommits(view, ours, clash));
        if (result !== undefined) expect(result).toEqual({ clean: false, conflictingPaths: ["d/b.txt"] });
      });
    });
  });
}
