import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import type { GitBackend, QuarantinedView, RepositoryView } from "../../src/backend/backend.ts";
import { formatCommit } from "../../src/domain/format-object.ts";
import { EMPTY_TREE, zeroOid } from "../../src/domain/oid.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { collect } from "../support/collect.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const PERSON = Buffer.from("Jane Doe <jane@example.com> 1700000000 +0000");

for (const { name, open } of BACKENDS_UNDER_TEST.filter((backend) => backend.name !== "libgit2")) {
  describe(`SHA-256 over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: GitBackend;
    let view: RepositoryView;
    let first: string;
    let second: string;
    let side: string;

    beforeAll(async () => {
      repository = await TemporaryRepository.create({ objectFormat: "sha256" });
      backend = open();
      view = { gitDir: repository.path, objectFormat: "sha256" };
      first = await repository.commit({ files: { a: "one\n", "dir/b": "two\n" }, seconds: 1000 });
      side = await repository.commit({
        branch: "side",
        parents: [first],
        files: { a: "side\n", "dir/b": "two\n" },
        seconds: 1500,
      });
      second = await repository.commit({ files: { a: "more\n", "dir/b": "two\n", "dir/c": "three\n" }, seconds: 2000 });
      await repository.git(["tag", "-a", "-m", "release", "v1", first]);
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    async function quarantine(): Promise<QuarantinedView> {
      return { ...view, quarantineDir: await mkdtemp(`${repository.path}-quarantine-`) };
    }

    test("ids have 64 digits; those of the other format name nothing", async () => {
      expect(first).toMatch(/^[0-9a-f]{64}$/);
      expect(await backend.objects.info(view, "a".repeat(40))).toBeUndefined();
      expect(await backend.objects.info(view, EMPTY_TREE.sha256)).toMatchObject({ type: "tree", size: 0 });
    });

    test("objects", async () => {
      expect(await backend.objects.resolve(view, "main", "commit")).toBe(second);
      expect(await backend.objects.resolve(view, "v1", "commit")).toBe(first);
      const entry = await backend.objects.treeEntry(view, second, "dir/c");
      expect(entry?.oid).toBe(await repository.text(["rev-parse", "main:dir/c"]));
      const object = await backend.objects.read(view, entry!.oid);
      expect(Buffer.from(object!.content).toString()).toBe("three\n");
      expect(Buffer.concat(await collect(backend.objects.stream(view, entry!.oid))).toString()).toBe("three\n");
      expect(await backend.objects.readMany(view, [entry!.oid, "f".repeat(64)])).toMatchObject([
        { type: "blob" },
        undefined,
      ]);
      const listed = await collect(backend.objects.listTree(view, second, { recursive: true }));
      expect(listed.map(({ path }) => path)).toEqual(["a", "dir", "dir/b", "dir/c"]);
      expect(
        (await collect(backend.objects.listTree(view, second, { recursive: false }))).map(({ path }) => path),
      ).toEqual(["a", "dir"]);
      const blobs = await collect(backend.objects.listBlobs(view, ["main", "^v1"]));
      expect(blobs.map(({ path }) => path)).toEqual(["a", "dir/c"]);
    });

    test("references", async () => {
      expect(await backend.refs.head(view)).toEqual({ target: "refs/heads/main", oid: second });
      expect((await collect(backend.refs.list(view, { prefixes: ["refs/tags/"], peel: true })))[0]).toMatchObject({
        name: "refs/tags/v1",
        peeledOid: first,
      });
      const created = await backend.refs.prepare(
        view,
        [{ name: "refs/heads/new", newOid: first, expectedOid: zeroOid("sha256") }],
        {
          deref: true,
        },
      );
      expect(created.oldOids).toEqual([zeroOid("sha256")]);
      await created.commit();
      const stale = backend.refs.prepare(view, [{ name: "refs/heads/new", newOid: second, expectedOid: second }], {
        deref: true,
      });
      await expect(stale).rejects.toMatchObject({
        reason: "reference_mismatch",
        details: { actual: first, expected: second },
      });
      const deleted = await backend.refs.prepare(view, [{ name: "refs/heads/new", newOid: zeroOid("sha256") }], {
        deref: true,
      });
      await deleted.commit();
      expect(await backend.refs.read(view, "refs/heads/new")).toBeUndefined();
    });

    test("history", async () => {
      expect(await collect(backend.history.log(view, { revisions: ["--all"] }))).toEqual([second, side, first]);
      expect(await backend.history.isAncestor(view, first, second)).toBe(true);
      expect(await backend.history.isAncestor(view, side, second)).toBe(false);
      expect(await backend.history.mergeBases(view, side, second)).toEqual([first]);
      expect(await backend.history.reachable(view, second, [side, first, second])).toEqual([first, second]);
      expect(await backend.history.unappliedCommits(view, second, side)).toEqual([side]);
    });

    test("diffs", async () => {
      const [a, c] = await collect(backend.diff.patches(view, { left: first, right: second }));
      expect(a).toMatchObject({ status: "modified", newPath: "a", patch: Buffer.from("@@ -1 +1 @@\n-one\n+more\n") });
      expect(c).toMatchObject({ status: "added", newPath: "dir/c", oldOid: zeroOid("sha256") });
      const raw = Buffer.concat(await collect(backend.diff.raw(view, first, second)));
      expect(raw.equals(await repository.git(["diff", "--full-index", first, second]))).toBe(true);
      expect(await collect(backend.diff.stats(view, first, second))).toEqual([
        { path: "a", additions: 1, deletions: 1 },
        { path: "dir/c", additions: 1, deletions: 0 },
      ]);
      const requests = [
        { kind: "commit", commit: second } as const,
        { kind: "trees", left: second, right: first } as const,
      ];
      const changed = await collect(backend.diff.changedPaths(view, requests, "include"));
      expect(changed.map(({ status, newPath, commitOid }) => [status, newPath, commitOid])).toEqual([
        ["modified", "a", second],
        ["added", "dir/c", second],
        ["modified", "a", ""],
        ["deleted", "dir/c", ""],
      ]);
    });

    test("a commit made in a quarantine, merged, migrated", async () => {
      const quarantined = await quarantine();
      const oid = await backend.objects.write(quarantined, "blob", Buffer.from("new\n"));
      const tree = await backend.objects.editTree(quarantined, second, [{ path: "dir/new", mode: 0o100644, oid }]);
      const parts = {
        treeOid: tree,
        parentOids: [second],
        author: PERSON,
        committer: PERSON,
        message: Buffer.from("new\n"),
      };
      const commit = await backend.objects.write(quarantined, "commit", formatCommit(parts));
      expect(await backend.objects.info(view, commit)).toBeUndefined();
      expect(await backend.merge.mergeCommits(quarantined, side, commit)).toEqual({
        clean: false,
        conflictingPaths: ["a"],
      });
      expect(await backend.merge.mergeTrees(quarantined, second, commit, second)).toEqual({ clean: true, tree });
      expect(await backend.history.isAncestor(quarantined, second, commit)).toBe(true);
      await (
        await backend.quarantine.migrate(quarantined)
      ).flushed;
      await backend.quarantine.discard(quarantined);
      expect(await repository.text(["cat-file", "-t", commit])).toBe("commit");
      expect(await repository.text(["fsck", "--strict", "--no-dangling"])).toBe("");
    });

    test("import", async () => {
      await using target = await TemporaryRepository.create({ objectFormat: "sha256" });
      const targetView: RepositoryView = { gitDir: target.path, objectFormat: "sha256" };
      const quarantined = { ...targetView, quarantineDir: await mkdtemp(`${target.path}-quarantine-`) };
      await collect(backend.maintenance.importFrom(quarantined, repository.path));
      expect(await backend.objects.info(quarantined, second)).toMatchObject({ type: "commit" });
      await using other = await TemporaryRepository.create();
      await expect(collect(backend.maintenance.importFrom(quarantined, other.path))).rejects.toMatchObject({
        reason: "repository_invalid",
      });
    });
  });
}
