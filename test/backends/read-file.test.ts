import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { GitBackend, RepositoryView } from "../../src/backend/backend.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const ABSENT = "0123456789012345678901234567890123456789";
const FILES = {
  "a.txt": "one\n",
  "dir/deep/c": "three\n",
  empty: "",
  // Each is read in another way: at once, by a thread, and without a copy.
  small: Buffer.alloc(100_000, "a line of a file\n"),
  large: Buffer.alloc(700_000, "a line of a large file\n"),
  huge: Buffer.alloc(2_500_000, "a line of a huge file\n"),
  "\xff\xfe": "raw",
};

for (const { name, open } of BACKENDS_UNDER_TEST) {
  describe(`readFile over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: GitBackend;
    let view: RepositoryView;
    let loose: string;
    let packed: string;

    beforeAll(async () => {
      repository = await TemporaryRepository.create();
      backend = open();
      view = { gitDir: repository.path, objectFormat: "sha1" };
      packed = await repository.commit({ files: FILES });
      await repository.git(["repack", "-adq"]);
      loose = await repository.commit({ files: { ...FILES, "a.txt": "one more\n" } });
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    const bytes = (content: string | Uint8Array) =>
      typeof content === "string" ? Buffer.from(content, "latin1") : Buffer.from(content);

    test("gives the entry and the content of a blob, as often as it is asked", async () => {
      for (let again = 0; again < 3; again++) {
        for (const [path, content] of Object.entries(FILES)) {
          const file = await backend.objects.readFile(view, packed, path);
          expect(file!.entry).toEqual((await backend.objects.treeEntry(view, packed, path))!);
          expect(file!.size).toBe(bytes(content).length);
          expect(Buffer.compare(file!.content!, bytes(content))).toBe(0);
        }
        const other = await backend.objects.readFile(view, loose, "a.txt");
        expect(Buffer.from(other!.content!).toString()).toBe("one more\n");
      }
    });

    test("cuts the content at a limit, and tells the whole length", async () => {
      for (const path of ["small", "large", "huge"] as const) {
        for (const bytesMax of [0, 1, 100, FILES[path].length, FILES[path].length + 1]) {
          const file = await backend.objects.readFile(view, packed, path, bytesMax);
          expect(file!.size).toBe(FILES[path].length);
          expect(Buffer.compare(file!.content!, FILES[path].subarray(0, bytesMax))).toBe(0);
        }
      }
    });

    test("gives the entry alone of a directory and of a submodule", async () => {
      const tree = await repository.git(["mktree"], {
        input: `160000 commit ${packed}\tsubmodule\n120000 blob ${await repository.text(["rev-parse", "HEAD:a.txt"])}\tlink\n`,
      });
      const treeish = tree.toString().trim();
      expect(await backend.objects.readFile(view, treeish, "submodule")).toEqual({
        entry: { path: "submodule", mode: 0o160000, type: "commit", oid: packed },
      });
      expect((await backend.objects.readFile(view, treeish, "link"))!.entry.mode).toBe(0o120000);
      const dir = await backend.objects.readFile(view, packed, "dir");
      expect(dir).toEqual({ entry: (await backend.objects.treeEntry(view, packed, "dir"))! });
    });

    test("gives undefined where nothing is, or the blob is missing", async () => {
      for (const path of ["", "absent", "a.txt/b", "dir/deep/d", "dir/"])
        expect(await backend.objects.readFile(view, packed, path)).toBeUndefined();
      expect(await backend.objects.readFile(view, ABSENT, "a.txt")).toBeUndefined();
      const blob = await repository.text(["rev-parse", `${packed}:a.txt`]);
      expect(await backend.objects.readFile(view, blob, "a.txt")).toBeUndefined();
      const tree = await repository.git(["mktree", "--missing"], { input: `100644 blob ${ABSENT}\tlost\n` });
      expect(await backend.objects.readFile(view, tree.toString().trim(), "lost")).toBeUndefined();
    });

    test("gives the entry alone where a mode lies about its object", async () => {
      const dir = await repository.text(["rev-parse", `${packed}:dir`]);
      const row = Buffer.concat([Buffer.from("100644 liar\0"), Buffer.from(dir, "hex")]);
      const hash = await repository.git(["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], { input: row });
      const file = await backend.objects.readFile(view, hash.toString().trim(), "liar");
      expect(file).toEqual({ entry: { path: "liar", mode: 0o100644, type: "blob", oid: dir } });
    });
  });
}
