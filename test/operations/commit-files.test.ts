import { afterEach, describe, expect, test } from "bun:test";
import type { FileAction } from "../../src/operations/commits/apply-file-actions.ts";
import { commitFiles } from "../../src/operations/commits/commit-files.ts";
import { toByteString } from "../../src/domain/bytes.ts";
import { BACKENDS, failure, JANE, OperationStory, parts } from "../support/operation-story.ts";

const BASE = { "a.txt": "a\n", "dir/b.txt": "b\n", "dir/sub/c.txt": "c\n" };
type Actions = readonly [FileAction, string?][];

for (const backend of BACKENDS) {
  describe(backend, () => {
    let story: OperationStory;
    const begin = async (objectFormat: "sha1" | "sha256" = "sha1") => {
      story = await OperationStory.open(backend, objectFormat);
      return story.commit(BASE);
    };
    const commit = (actions: Actions, more: object = {}) =>
      story.run(commitFiles, { branch: "main", message: Buffer.from("m"), committer: JANE, ...more }, parts(actions));
    const files = async () => (await story.git("ls-tree", "-r", "--format=%(objectmode) %(path)", "main")).split("\n");
    afterEach(() => story.close());

    describe("commitFiles", () => {
      test("actions act in their order; the tree is sound", async () => {
        await begin();
        await commit([
          [{ kind: "create", path: "new/deep/x" }, "x"],
          [{ kind: "create", path: "run", executable: true }, "r"],
          [{ kind: "update", path: "a.txt" }, "changed"],
          [{ kind: "move", path: "moved.txt", previousPath: "dir/b.txt", inferContent: true }],
          [{ kind: "delete", path: "dir/sub" }],
          [{ kind: "create-directory", path: "empty" }],
          [{ kind: "delete", path: "a.txt" }],
          [{ kind: "create", path: "a.txt/now a folder" }, "y"],
          [{ kind: "chmod", path: "new/deep/x", executable: true }],
        ]);
        expect(await files()).toEqual([
          "100644 a.txt/now a folder",
          "100644 empty/.gitkeep",
          "100644 moved.txt",
          "100755 new/deep/x",
          "100755 run",
        ]);
        expect(await story.git("cat-file", "blob", "main:moved.txt")).toBe("b");
        expect(await story.git("fsck", "--strict", "--no-dangling")).toBe("");
      });

      test("a refused action changes nothing and leaves no object", async () => {
        const tip = await begin();
        const refuse = async (action: FileAction, reason: Parameters<typeof failure>[1]) =>
          failure(
            commit([
              [{ kind: "create", path: "before" }, "unique content"],
              [action, "x"],
            ]),
            reason,
          );
        await refuse({ kind: "create", path: "a.txt" }, "path_exists");
        await refuse({ kind: "create", path: "a.txt/below" }, "path_exists");
        await refuse({ kind: "create-directory", path: "dir" }, "path_exists");
        for (const kind of ["update", "delete", "chmod"] as const)
          await refuse({ kind, path: "none" }, "path_not_found");
        await refuse({ kind: "update", path: "dir" }, "path_not_found");
        await refuse({ kind: "move", path: "x", previousPath: "dir" }, "path_not_found");
        const ignoredByHfs = toByteString(Buffer.from("x/.g\u200ci\ufeffT/hooks"));
        for (const path of ["", "a//b", "../x", ".git/config", "x/.GIT/hooks", ".", ignoredByHfs]) {
          await refuse({ kind: "create", path }, "invalid_path");
        }
        await refuse({ kind: "create", path: "b64", base64: true }, "invalid_input");
        expect(await story.references()).toEqual({ "refs/heads/main": tip });
        expect(await story.git("fsck", "--unreachable")).toBe("");
        expect(await story.git("count-objects", "-v")).toContain("garbage: 0");
      });

      test("starts from another branch or commit, moves only with the expected value or force", async () => {
        const first = await begin();
        const second = await story.commit({ "second.txt": "2" });
        const topic = await commit([], { branch: "topic", startBranch: "main" });
        expect(topic.branchCreated).toBe(true);
        expect(await story.git("rev-parse", "topic^")).toBe(second);
        await failure(commit([], { startOid: first }), "reference_mismatch");
        await failure(commit([], { expectedOid: first }), "reference_mismatch");
        await failure(commit([], { startBranch: "none", branch: "x" }), "revision_not_found");
        const forced = await commit([], { startOid: first, force: true });
        expect(await story.git("rev-parse", "main", "main^")).toBe(`${forced.commitOid}\n${first}`);
      });

      test("an object of more than the limit is refused", async () => {
        await begin();
        const error = await failure(
          commit([[{ kind: "create", path: "big" }, "x".repeat(100 * 1024 * 1024 + 1)]]),
          "too_large",
        );
        expect(error.details).toMatchObject({ what: "blob", limitBytes: 100 * 1024 * 1024 });
      });

      test("SHA-256", async () => {
        const tip = await begin("sha256");
        expect(tip).toHaveLength(64);
        await commit([[{ kind: "update", path: "dir/b.txt" }, "b2"]]);
        expect(await story.git("rev-parse", "main^")).toBe(tip);
        expect(await story.git("fsck", "--strict", "--no-dangling")).toBe("");
      });

      test("a canceled stream changes nothing", async () => {
        const tip = await begin();
        const controller = new AbortController();
        async function* slow() {
          yield { action: { kind: "create" as const, path: "late" } };
          controller.abort();
          yield { content: Buffer.from("late") };
        }
        const { engine, caller } = story.test;
        const input = { repository: story.repository, branch: "main", message: Buffer.from("m"), committer: JANE };
        await failure(engine.run(commitFiles, input, { ...caller, signal: controller.signal }, slow()), "canceled");
        expect(await story.references()).toEqual({ "refs/heads/main": tip });
      });
    });
  });
}
