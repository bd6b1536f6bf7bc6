import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { commitFiles, createCommit, deleteFile, moveFile, putFile } from "../../../src/operations/index.ts";
import { BACKENDS, failure, JANE, OperationStory, parts } from "../../support/operation-story.ts";
import { runGit } from "../../support/temporary-repository.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");
const ZERO = "0".repeat(40);

for (const backend of BACKENDS) {
  let story: OperationStory;
  beforeEach(async () => void (story = await OperationStory.open(backend)));
  afterEach(() => story.close());

  /** The files of a branch with their modes, as real git lists them. */
  const files = async (rev = "main") =>
    Object.fromEntries(
      (await story.git("ls-tree", "-r", rev))
        .split("\n")
        .filter(Boolean)
        .map((line) => [line.split("\t")[1]!, line.slice(0, 6)]),
    );

  describe("putFile", () => {
    test(`writes the first commit, then others, byte for byte (${backend})`, async () => {
      const content = bytes("caf\xe9\r\nno end");
      const first = await story.run(putFile, { path: "a/b.txt", content, message: bytes("first") });
      expect(first).toMatchObject({ branch: "main", branchCreated: true, path: "a/b.txt" });
      expect(await story.git("show", "main:a/b.txt")).toBe(content.toString("latin1"));
      const run = await story.run(putFile, { path: "run", content, mode: "100755", message: bytes("second\n") });
      expect(run.branchCreated).toBe(false);
      await story.run(putFile, { path: "run", content: bytes("other"), message: bytes("third") });
      expect(await files()).toEqual({ "a/b.txt": "100644", run: "100755" });
      expect(await story.git("log", "--format=%B")).toBe("third\n\nsecond\n\nfirst");
      expect(await story.git("fsck", "--strict")).not.toContain("error");
    });

    test(`puts no content in a submodule's place (${backend})`, async () => {
      await story.commit({ a: "1" });
      const module = `160000,${"1".repeat(40)},module`;
      const gitDir = story.test.pathOf(story.repository);
      const index = { env: { GIT_INDEX_FILE: `${gitDir}/test-index` } };
      await runGit(gitDir, ["read-tree", "main"], index);
      await runGit(gitDir, ["update-index", "--add", "--cacheinfo", module], index);
      const tree = (await runGit(gitDir, ["write-tree"], index)).toString().trim();
      await story.git("update-ref", "refs/heads/main", await story.git("commit-tree", "-m", "m", "-p", "main", tree));
      const content = bytes("x");
      const put = (path: string) => story.run(putFile, { path, content, message: bytes("m") });
      expect((await failure(put("module"), "path_exists")).details).toEqual({ path: "module", type: "submodule" });
      await failure(put("module/x"), "path_exists");
      const commit = (action: object) => story.run(createCommit, { message: bytes("m"), actions: [action] as never });
      await failure(commit({ action: "update", path: "module", content }), "path_not_found");
      await failure(commit({ action: "move", path: "module", newPath: "moved", content }), "path_not_found");
      await failure(commit({ action: "create", path: "module", content }), "path_exists");
      await failure(story.commit({ "module/x": "y" }), "path_exists");
      const update = parts([[{ kind: "update", path: "module" }, "x"]]);
      const input = { branch: "main", message: bytes("m"), committer: JANE };
      await failure(story.run(commitFiles, input, update), "path_not_found");
      await story.run(moveFile, { path: "module", newPath: "dir/moved", message: bytes("m") });
      expect(await files()).toEqual({ a: "100644", "dir/moved": "160000" });
      await story.run(deleteFile, { path: "dir/moved", message: bytes("m") });
      expect(await files()).toEqual({ a: "100644" });
    });

    test(`keeps to what the caller has seen (${backend})`, async () => {
      const put = (content: string, expectedOid?: string) =>
        story.run(putFile, {
          path: "f",
          content: bytes(content),
          message: bytes("m"),
          ...(expectedOid !== undefined && { expectedOid }),
        });
      const first = await put("1", ZERO);
      expect((await failure(put("2", ZERO), "file_mismatch")).details).toEqual({
        path: "f",
        expected: ZERO,
        actual: first.oid,
      });
      const second = await put("2", first.oid);
      await failure(put("3", first.oid), "file_mismatch");
      await failure(put("3", first.commit), "file_mismatch");
      await put("3", second.commit);
      expect(await story.git("show", "main:f")).toBe("3");
      await failure(put("4", "main"), "invalid_object_id");
    });

    test(`writers of different files do not get in each other's way (${backend})`, async () => {
      await story.commit({ base: "x" });
      const all = Array.from({ length: 12 }, (_, i) =>
        story.run(putFile, { path: `f${i}`, content: bytes(String(i)), message: bytes("m") }),
      );
      expect(new Set((await Promise.all(all)).map(({ commit }) => commit)).size).toBe(12);
      expect(Object.keys(await files())).toHaveLength(13);
      expect(await story.git("rev-list", "--count", "main")).toBe("13");
    });

    test(`refuses what Git has no place for (${backend})`, async () => {
      await story.commit({ "dir/file": "x" });
      const put = (path: string, more = {}) =>
        story.run(putFile, { path, content: bytes(""), message: bytes("m"), ...more });
      for (const path of [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "./a",
        ".git/config",
        "a/.GIT/x",
        "a/.g\xe2\x80\x8cit/x",
        "a\0b",
      ])
        expect([path, (await failure(put(path), "invalid_path")).reason]).toEqual([path, "invalid_path"]);
      for (const path of [".gitmodules", "dir/GITMOD~1"]) await failure(put(path, { mode: "120000" }), "invalid_path");
      await failure(put("dir"), "path_exists");
      await failure(put("dir/file/below"), "path_exists");
      await failure(put("new", { branch: "other" }), "reference_not_found");
      await failure(put("new", { branch: "a..b" }), "invalid_reference_name");
      expect((await put("new", { branch: "other", from: "main" })).branchCreated).toBe(true);
      expect(await files("other")).toEqual({ "dir/file": "100644", new: "100644" });
    });
  });

  describe("deleteFile", () => {
    test(`takes a file or a folder away (${backend})`, async () => {
      await story.commit({ a: "x", "dir/b": "x", "dir/c": "x" });
      await story.run(deleteFile, { path: "dir", message: bytes("m") });
      expect(await files()).toEqual({ a: "100644" });
      await failure(story.run(deleteFile, { path: "dir", message: bytes("m") }), "path_not_found");
      await failure(story.run(deleteFile, { path: "a", message: bytes("m"), expectedOid: ZERO }), "file_mismatch");
    });
  });

  describe("moveFile", () => {
    test(`moves a file with its mode, over nothing (${backend})`, async () => {
      await story.run(putFile, { path: "run", content: bytes("x"), mode: "100755", message: bytes("m") });
      await story.run(moveFile, { path: "run", newPath: "run/inner", message: bytes("m") });
      expect(await files()).toEqual({ "run/inner": "100755" });
      await story.run(putFile, { path: "other", content: bytes("y"), message: bytes("m") });
      await failure(story.run(moveFile, { path: "other", newPath: "run", message: bytes("m") }), "path_exists");
      await failure(story.run(moveFile, { path: "none", newPath: "x", message: bytes("m") }), "path_not_found");
    });
  });

  describe("createCommit", () => {
    test(`makes one commit from many changes, in their order (${backend})`, async () => {
      const tip = await story.commit({ old: "x", gone: "x", run: "x" });
      const { commit } = await story.run(createCommit, {
        message: bytes("all"),
        author: { name: bytes("Ann"), email: bytes("ann@example.com") },
        expectedOid: tip,
        actions: [
          { action: "create", path: "dir/new", content: bytes("1"), executable: true },
          { action: "update", path: "dir/new", content: bytes("2") },
          { action: "move", path: "old", newPath: "moved" },
          { action: "delete", path: "gone" },
          { action: "chmod", path: "run", executable: true },
        ],
      });
      expect(await files()).toEqual({ "dir/new": "100755", moved: "100644", run: "100755" });
      expect(await story.git("show", "main:dir/new")).toBe("2");
      expect(await story.git("log", "-1", "--format=%H %an %P", "main")).toBe(`${commit} Ann ${tip}`);
    });

    test(`all or nothing (${backend})`, async () => {
      const tip = await story.commit({ a: "x" });
      const run = (actions: object[], more = {}) =>
        story.run(createCommit, { message: bytes("m"), actions: actions as never, ...more });
      await failure(
        run([
          { action: "delete", path: "a" },
          { action: "delete", path: "none" },
        ]),
        "path_not_found",
      );
      await failure(run([{ action: "create", path: "a", content: bytes("") }]), "path_exists");
      await failure(run([], { expectedOid: ZERO }), "reference_mismatch");
      await failure(run([{ action: "nothing", path: "a" }]), "invalid_input");
      expect(await story.git("rev-parse", "main")).toBe(tip);
      expect(await story.git("count-objects")).toStartWith("3 objects");
    });
  });
}
