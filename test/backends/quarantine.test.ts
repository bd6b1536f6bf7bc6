import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import type { GitBackend, QuarantinedView, RepositoryView } from "../../src/backend/backend.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { MODE_BLOB, MODE_EXECUTABLE, type TreeEdit } from "../../src/domain/git-object.ts";
import { EMPTY_TREE } from "../../src/domain/oid.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { Dice } from "../support/generated-trees.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

for (const { name, open } of BACKENDS_UNDER_TEST) {
  describe(`quarantine over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: GitBackend;
    let view: RepositoryView;
    let head: string;
    let quarantines = 0;

    beforeAll(async () => {
      repository = await TemporaryRepository.create();
      backend = open();
      view = { gitDir: repository.path, objectFormat: "sha1" };
      head = await repository.commit({ files: { "a.txt": "one\n", "dir/b.txt": "two\n", "dir/deep/c": "three\n" } });
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    async function quarantined(): Promise<QuarantinedView> {
      const quarantineDir = `${repository.path}/quarantine-${quarantines++}`;
      await mkdir(quarantineDir);
      return { ...view, quarantineDir };
    }

    const quarantineEnvironment = ({ quarantineDir }: QuarantinedView) => ({
      GIT_OBJECT_DIRECTORY: quarantineDir,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: `${repository.path}/objects`,
    });

    /** Files of the repository's object directory, without those that git keeps for itself. */
    const objectFiles = async () =>
      (await readdir(`${repository.path}/objects`, { recursive: true }))
        .filter((file) => /^..\/|^pack\//.test(file))
        .sort();

    describe("write", () => {
      test("hashes as git does, and is seen only in the quarantine", async () => {
        const inside = await quarantined();
        for (const [type, content] of [
          ["blob", "hello\n"],
          ["blob", ""],
          ["tree", ""],
          ["blob", "x".repeat(100_000)],
        ] as const) {
          const oid = await backend.objects.write(inside, type, Buffer.from(content));
          expect(oid).toBe(
            await repository.text(["hash-object", "-t", type, "--stdin", "--literally"], { input: content }),
          );
          const object = await backend.objects.read(inside, oid);
          expect(object).toMatchObject({ oid, type, size: content.length });
          expect(Buffer.from(object!.content).toString()).toBe(content);
        }
        const secret = await backend.objects.write(inside, "blob", Buffer.from("a secret of the quarantine"));
        expect(await backend.objects.info(view, secret)).toBeUndefined();
        expect(await backend.objects.info(await quarantined(), secret)).toBeUndefined();
        expect(await backend.objects.resolve(inside, secret.slice(0, 10), "blob")).toBe(secret);
        expect((await backend.objects.readMany(inside, [secret, head])).map((object) => object?.oid)).toEqual([
          secret,
          head,
        ]);
        await backend.quarantine.discard(inside);
      });

      test("keeps a large object", async () => {
        const inside = await quarantined();
        const content = Buffer.alloc(9 * 1024 * 1024, "a line\n");
        const oid = await backend.objects.write(inside, "blob", content);
        expect(await backend.objects.info(inside, oid)).toEqual({ oid, type: "blob", size: content.length });
        const chunks: Uint8Array[] = [];
        for await (const chunk of backend.objects.stream(inside, oid)) chunks.push(chunk);
        expect(Buffer.concat(chunks).equals(content)).toBe(true);
        await (
          await backend.quarantine.migrate(inside)
        ).flushed;
        await backend.quarantine.discard(inside);
        expect(Number(await repository.text(["cat-file", "-s", oid]))).toBe(content.length);
      });
    });

    describe("editTree", () => {
      const put = (path: string, oid: string, mode: number = MODE_BLOB): TreeEdit => ({ path, mode, oid });
      const remove = (path: string): TreeEdit => ({ path, remove: true });

      async function paths(inside: QuarantinedView, tree: string): Promise<string[]> {
        const found: string[] = [];
        for await (const batch of backend.objects.listTree(inside, tree, { recursive: true })) {
          for (const entry of batch) if (entry.type !== "tree") found.push(`${entry.mode.toString(8)} ${entry.path}`);
        }
        return found;
      }

      test("adds, replaces and removes", async () => {
        const inside = await quarantined();
        const oid = await backend.objects.write(inside, "blob", Buffer.from("new"));
        const tree = await backend.objects.editTree(inside, await repository.text(["rev-parse", "HEAD^{tree}"]), [
          put("dir/b.txt", oid, MODE_EXECUTABLE),
          put("dir.new", oid),
          put("new/folder/file", oid),
          remove("dir/deep/c"),
          remove("a.txt"),
          remove("absent"),
          remove("absent/too"),
        ]);
        expect(await paths(inside, tree)).toEqual(["100644 dir.new", "100755 dir/b.txt", "100644 new/folder/file"]);
        await backend.quarantine.discard(inside);
      });

      test("begins with nothing, and ends with the empty tree", async () => {
        const inside = await quarantined();
        const oid = await backend.objects.write(inside, "blob", Buffer.from("new"));
        expect(await paths(inside, await backend.objects.editTree(inside, undefined, [put("a/b/c", oid)]))).toEqual([
          "100644 a/b/c",
        ]);
        const tree = await repository.text(["rev-parse", "HEAD^{tree}"]);
        expect(await backend.objects.editTree(inside, tree, [])).toBe(tree);
        expect(
          await backend.objects.editTree(inside, tree, [remove("a.txt"), remove("dir/b.txt"), remove("dir/deep/c")]),
        ).toBe(EMPTY_TREE.sha1);
        expect(await backend.objects.editTree(inside, undefined, [])).toBe(EMPTY_TREE.sha1);
        await backend.quarantine.discard(inside);
      });

      test("refuses paths that no tree should hold", async () => {
        const inside = await quarantined();
        for (const path of ["", "/a", "a/", "a//b", ".", "..", "a/../b", ".git", "dir/.GIT/x"]) {
          await expect(backend.objects.editTree(inside, undefined, [put(path, head)])).rejects.toBeInstanceOf(
            OperationError,
          );
        }
        await backend.quarantine.discard(inside);
      });

      test("makes git's own trees from any edits", async () => {
        const inside = await quarantined();
        const dice = new Dice(7);
        const oid = await backend.objects.write(inside, "blob", Buffer.from("generated"));
        await backend.quarantine.materialize(inside);
        const names = ["a", "a.b", "a-", "a0", "b", "ab", "\xff"];
        const path = () => Array.from({ length: 1 + dice.below(3) }, () => dice.pick(names)).join("/");
        const files = new Set<string>();
        let tree: string | undefined;
        for (let round = 0; round < 60; round++) {
          const edits: TreeEdit[] = [];
          for (let i = 0; i < 6; i++) {
            const at = path();
            const clashes = [...files].some(
              (file) => file !== at && (file.startsWith(`${at}/`) || at.startsWith(`${file}/`)),
            );
            if (clashes) continue;
            if (dice.chance(0.4)) {
              files.delete(at);
              edits.push(remove(at));
            } else {
              files.add(at);
              edits.push(put(at, oid));
            }
          }
          tree = await backend.objects.editTree(inside, tree, edits);
          const env = { ...quarantineEnvironment(inside), GIT_INDEX_FILE: `${inside.quarantineDir}/index` };
          const lines = [...files].map((file) => `100644 ${oid}\t${file}\0`).join("");
          await repository.git(["read-tree", "--empty"], { env });
          await repository.git(["update-index", "-z", "--add", "--index-info"], {
            env,
            input: Buffer.from(lines, "latin1"),
          });
          expect(tree).toBe(await repository.text(["write-tree"], { env }));
        }
        await backend.quarantine.discard(inside);
      }, 20_000);
    });

    describe("materialize", () => {
      test("lets a child process see the objects", async () => {
        const inside = await quarantined();
        const oid = await backend.objects.write(inside, "blob", Buffer.from("for a hook"));
        await backend.quarantine.materialize(inside);
        await backend.quarantine.materialize(inside);
        const later = await backend.objects.write(inside, "blob", Buffer.from("for a later hook"));
        await backend.quarantine.materialize(inside);
        const env = quarantineEnvironment(inside);
        expect(await repository.text(["cat-file", "blob", oid], { env })).toBe("for a hook");
        expect(await repository.text(["cat-file", "blob", later], { env })).toBe("for a later hook");
        expect(await backend.objects.info(view, oid)).toBeUndefined();
        await (
          await backend.quarantine.migrate(inside)
        ).flushed;
        await backend.quarantine.discard(inside);
        expect(await repository.text(["cat-file", "blob", oid])).toBe("for a hook");
      });
    });

    describe("migrate", () => {
      test("moves what we wrote and what a child wrote, loose and packed", async () => {
        const inside = await quarantined();
        const env = quarantineEnvironment(inside);
        const blob = await backend.objects.write(inside, "blob", Buffer.from("ours"));
        const loose = await repository.text(["hash-object", "-w", "--stdin"], { env, input: "a child's" });
        const tree = await backend.objects.editTree(inside, undefined, [
          { path: "x/ours", mode: MODE_BLOB, oid: blob },
          { path: "x/loose", mode: MODE_BLOB, oid: loose },
        ]);
        const packedBlob = await repository.text(["hash-object", "-w", "--stdin"], { env, input: "in a pack" });
        const pack = await repository.git(["pack-objects", "--stdout", "-q"], { env, input: `${packedBlob}\n` });
        await repository.git(["index-pack", "--stdin", "--keep=test"], { env, input: pack });
        expect((await backend.objects.info(inside, packedBlob))?.type).toBe("blob");
        const before = await objectFiles();
        await (
          await backend.quarantine.migrate(inside)
        ).flushed;
        expect((await backend.objects.info(view, tree))?.type).toBe("tree");
        await backend.quarantine.discard(inside);
        expect(await readdir(repository.path)).not.toContain(inside.quarantineDir.split("/").at(-1)!);
        const added = (await objectFiles()).filter((file) => !before.includes(file));
        expect(added.filter((file) => file.endsWith(".pack"))).toHaveLength(1);
        expect(added.filter((file) => file.includes("tmp_"))).toEqual([]);
        for (const oid of [blob, loose, tree, packedBlob])
          expect(await repository.text(["cat-file", "-e", oid])).toBe("");
        for (const oid of [blob, loose, tree, packedBlob]) expect(await backend.objects.info(view, oid)).toBeDefined();
        await repository.git(["fsck", "--strict"]);
      });

      test("takes what is there already, and works twice", async () => {
        const inside = await quarantined();
        const oid = await backend.objects.write(inside, "blob", Buffer.from("one\n"));
        const tree = await backend.objects.editTree(inside, undefined, [{ path: "a.txt", mode: MODE_BLOB, oid }]);
        await (
          await backend.quarantine.migrate(inside)
        ).flushed;
        await (
          await backend.quarantine.migrate(inside)
        ).flushed;
        await backend.quarantine.discard(inside);
        expect(await repository.text(["cat-file", "-t", tree])).toBe("tree");
        await repository.git(["fsck", "--strict"]);
      });
    });

    describe("discard", () => {
      test("leaves nothing, however often", async () => {
        const inside = await quarantined();
        const before = await objectFiles();
        const oid = await backend.objects.write(inside, "blob", Buffer.from("never seen again"));
        await backend.quarantine.materialize(inside);
        await backend.quarantine.discard(inside);
        await backend.quarantine.discard(inside);
        expect(await objectFiles()).toEqual(before);
        expect(await backend.objects.info(view, oid)).toBeUndefined();
        await mkdir(inside.quarantineDir);
        expect(await backend.objects.info(inside, oid)).toBeUndefined();
        await backend.quarantine.discard(inside);
      });
    });
  });
}
