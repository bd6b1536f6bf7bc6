import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { GitBackend, PeelTarget, RepositoryView } from "../../src/backend/backend.ts";
import { hasReason } from "../../src/domain/errors.ts";
import type { ObjectType, TreeEntry } from "../../src/domain/git-object.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const ABSENT = "0123456789012345678901234567890123456789";
const LARGE = Buffer.alloc(700_000, "a line of a large file\n");

async function collect<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

/** The answer, or undefined where the backend leaves this input to native git. */
async function unlessUnsupported<T>(answer: Promise<T>): Promise<{ value: T } | undefined> {
  try {
    return { value: await answer };
  } catch (error) {
    if (hasReason(error, "unsupported")) return undefined;
    throw error;
  }
}

for (const { name, open } of BACKENDS_UNDER_TEST) {
  describe(`objects over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: GitBackend;
    let view: RepositoryView;
    let first: string;
    let head: string;
    let tag: string;

    beforeAll(async () => {
      repository = await TemporaryRepository.create();
      backend = open();
      view = { gitDir: repository.path, objectFormat: "sha1" };
      first = await repository.commit({ files: { "a.txt": "one\n", "dir/b.txt": "two\n", "dir/deep/c": "three\n" } });
      await repository.git(["repack", "-adq"]);
      head = await repository.commit({
        files: {
          "a.txt": "one more\n",
          "dir/b.txt": "two\n",
          "dir/deep/c": "three\n",
          "dir.txt": "x",
          big: LARGE,
          "\xff\xfe": "raw",
        },
      });
      await repository.git(["tag", "-a", "-m", "release", "v1", first]);
      await repository.git(["tag", "-a", "-m", "nested", "v1-again", "v1"]);
      await repository.git(["branch", "v1", head]);
      await repository.git(["branch", "deadbeef", first]);
      await repository.git(["update-ref", "refs/remotes/origin/topic", first]);
      await repository.git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/topic"]);
      tag = await repository.text(["rev-parse", "refs/tags/v1"]);
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    describe("resolve", () => {
      const revisions = [
        "HEAD", "@", "main", "refs/heads/main", "heads/main", "v1", "tags/v1", "heads/v1", "origin", "origin/topic", "deadbeef",
        "HEAD~1", "HEAD^", "HEAD^0", "HEAD^1", "HEAD^2", "HEAD~2", "HEAD~0", "@~1", "HEAD^{}", "v1^{}", "v1-again^{}",
        "tags/v1^{}", "v1-again~0", "tags/v1^{tag}", "HEAD^{tree}", "HEAD^{tree}^{tree}", "HEAD^{blob}", "HEAD^{commit}~1",
        "HEAD^{nonsense}", "HEAD^{object}", "HEAD^", "HEAD^^", "HEAD~1~0^0", "HEAD~99999999999", "~1", "^HEAD", "HEAD^@", "HEAD^!",
        "HEAD..main", "HEAD:", "HEAD:a.txt", "HEAD:dir", "HEAD:dir/", "HEAD:a.txt/", "HEAD:dir/deep/c", "HEAD:/dir", "HEAD:dir//b.txt",
        "HEAD:\xff\xfe", "HEAD:absent", "v1:a.txt", "HEAD^{tree}:dir", "HEAD:dir:deep", "absent:a.txt", "absent", "refs/heads", "config",
        "-", "--all", "refs/heads/../heads/main", "refs/heads/main.lock", "main ", "x".repeat(300), "@{", "HEAD@", "main@{now}", ABSENT, "abc",
      ]; // prettier-ignore

      const peels: (PeelTarget | undefined)[] = [undefined, "object", "commit", "tree", "blob", "tag"];

      test("answers as git rev-parse does, or leaves it to git", async () => {
        const hex = [
          head,
          first,
          tag,
          head.slice(0, 7),
          head.slice(0, 12).toUpperCase(),
          `${head.slice(0, 10)}~1`,
          `${head}^{tree}`,
        ];
        const requests = [...revisions, ...hex].flatMap((revision) => peels.map((peel) => ({ revision, peel })));
        const ask = async (names: readonly string[]) => {
          const input = Buffer.from(names.map((text) => `${text}\n`).join(""), "latin1");
          const output = await repository.text(["cat-file", "--batch-check=%(objectname)"], { input });
          return output.split("\n").map((line) => (/^[0-9a-f]{40}$/.test(line) ? line : undefined));
        };
        const bare = await ask(requests.map(({ revision }) => revision));
        // What follows a colon is a path, which would take the suffix in.
        const bases = requests.map(({ revision }, index) =>
          revision.includes(":") ? (bare[index] ?? ABSENT) : revision,
        );
        const names = requests.map(({ peel = "object" }, index) => `${bases[index]}^{${peel}}`);
        const expected = await ask(names);
        expect(expected).toHaveLength(names.length);
        for (const [index, { revision, peel }] of requests.entries()) {
          const answer = await unlessUnsupported(backend.objects.resolve(view, revision, peel));
          if (answer !== undefined)
            expect({ name: names[index], oid: answer.value }).toEqual({ name: names[index], oid: expected[index] });
        }
      });

      test("takes a date and a text, where there is no log and nothing is searched, for a name that means nothing", async () => {
        for (const revision of ["@{now}", "@{2 days ago}", "main@{now}", ":/first", ":a.txt", ":"]) {
          const answer = await unlessUnsupported(backend.objects.resolve(view, revision, "commit"));
          expect(answer?.value).toBeUndefined();
        }
      });

      test("finds what git has just made", async () => {
        const oid = await repository.writeObject("blob", "made beside us");
        expect(await backend.objects.resolve(view, oid, "blob")).toBe(oid);
        await repository.git(["update-ref", "refs/heads/new", first]);
        expect(await backend.objects.resolve(view, "new", "commit")).toBe(first);
        await repository.git(["update-ref", "refs/heads/new", head]);
        expect(await backend.objects.resolve(view, "new", "commit")).toBe(head);
        await repository.git(["update-ref", "-d", "refs/heads/new"]);
        expect(await backend.objects.resolve(view, "new", "commit")).toBeUndefined();
      });
    });

    describe("info", () => {
      test("gives type and size", async () => {
        for (const oid of [
          head,
          first,
          tag,
          await repository.text(["rev-parse", "HEAD:big"]),
          await repository.text(["rev-parse", "HEAD^{tree}"]),
        ]) {
          const type = (await repository.text(["cat-file", "-t", oid])) as ObjectType;
          const size = Number(await repository.text(["cat-file", "-s", oid]));
          expect(await backend.objects.info(view, oid)).toEqual({ oid, type, size });
        }
      });

      test("gives undefined for what is absent or no id", async () => {
        expect(await backend.objects.info(view, ABSENT)).toBeUndefined();
        expect(await backend.objects.info(view, "nonsense")).toBeUndefined();
        expect(await backend.objects.info(view, head.toUpperCase())).toBeUndefined();
      });
    });

    describe("read", () => {
      test("gives the content that git gives", async () => {
        for (const oid of [
          head,
          tag,
          await repository.text(["rev-parse", "HEAD:dir"]),
          await repository.text(["rev-parse", "HEAD:big"]),
        ]) {
          const type = (await repository.text(["cat-file", "-t", oid])) as ObjectType;
          const content = await repository.git(["cat-file", type, oid]);
          const object = await backend.objects.read(view, oid);
          expect(object).toMatchObject({ oid, type, size: content.length });
          expect(Buffer.from(object!.content).equals(content)).toBe(true);
        }
      });

      test("cuts to a limit and keeps the size", async () => {
        const oid = await repository.text(["rev-parse", "HEAD:big"]);
        for (const limit of [0, 1, 100, LARGE.length, LARGE.length + 1]) {
          const object = await backend.objects.read(view, oid, limit);
          expect(object!.size).toBe(LARGE.length);
          expect(Buffer.from(object!.content).equals(LARGE.subarray(0, limit))).toBe(true);
        }
      });

      test("gives undefined for what is absent", async () => {
        expect(await backend.objects.read(view, ABSENT)).toBeUndefined();
        expect(await backend.objects.read(view, "zzz")).toBeUndefined();
      });
    });

    describe("readMany", () => {
      test("keeps the order, repeats and holes", async () => {
        const big = await repository.text(["rev-parse", "HEAD:big"]);
        const asked = [big, head, ABSENT, first, head, "nonsense", big, tag];
        const objects = await backend.objects.readMany(view, asked);
        expect(objects.map((object) => object?.oid)).toEqual([big, head, undefined, first, head, undefined, big, tag]);
        expect(Buffer.from(objects[6]!.content).equals(LARGE)).toBe(true);
        expect(await backend.objects.readMany(view, [])).toEqual([]);
      });

      test("reads hundreds", async () => {
        const asked = Array.from({ length: 500 }, (_, index) => (index % 2 === 0 ? head : first));
        const objects = await backend.objects.readMany(view, asked);
        expect(objects.map((object) => object?.oid)).toEqual(asked);
      });
    });

    describe("stream", () => {
      test("gives chunks of at most 128 KiB that make up the blob", async () => {
        const big = await repository.text(["rev-parse", "HEAD:big"]);
        for (const limit of [undefined, 0, 1, 200_000]) {
          const chunks: Uint8Array[] = [];
          for await (const chunk of backend.objects.stream(view, big, limit)) chunks.push(chunk);
          expect(chunks.every((chunk) => chunk.length > 0 && chunk.length <= 128 * 1024)).toBe(true);
          expect(Buffer.concat(chunks).equals(LARGE.subarray(0, limit ?? LARGE.length))).toBe(true);
        }
      });

      test("gives all of a blob, whatever its size is beside that of a chunk", async () => {
        for (const size of [0, 1, 131_071, 131_072, 131_073, 150_000, 262_143, 262_144, 262_145]) {
          const content = Buffer.from(Array.from({ length: size }, (_, at) => (at * 7 + (at >> 9)) & 255));
          const oid = await repository.writeObject("blob", content);
          const chunks: Uint8Array[] = [];
          for await (const chunk of backend.objects.stream(view, oid)) chunks.push(chunk);
          expect([size, Buffer.concat(chunks).equals(content)]).toEqual([size, true]);
        }
      });

      test("may be left early", async () => {
        const big = await repository.text(["rev-parse", "HEAD:big"]);
        for await (const chunk of backend.objects.stream(view, big)) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
        expect(await backend.objects.info(view, head)).toBeDefined();
      });

      test("throws object_not_found", async () => {
        const read = async () => {
          for await (const _ of backend.objects.stream(view, ABSENT)) throw new Error("nothing should come");
        };
        await expect(read()).rejects.toMatchObject({ reason: "object_not_found" });
      });
    });

    describe("treeEntry", () => {
      test("finds files and directories", async () => {
        for (const path of ["a.txt", "dir", "dir/deep", "dir/deep/c", "dir.txt", "\xff\xfe"]) {
          const oid = await repository
            .text(["rev-parse", Buffer.from(`HEAD:${path}`, "latin1").toString("latin1")])
            .catch(() => undefined);
          const entry = await backend.objects.treeEntry(view, head, path);
          expect(entry).toMatchObject({ path, type: path === "dir" || path === "dir/deep" ? "tree" : "blob" });
          if (path !== "\xff\xfe") expect(entry!.oid).toBe(oid!);
        }
        expect((await backend.objects.treeEntry(view, tag, "dir/deep/c"))!.mode).toBe(0o100644);
      });

      test("gives undefined where there is none", async () => {
        for (const path of [
          "",
          "absent",
          "dir/",
          "/dir",
          "a.txt/b",
          "dir//b.txt",
          "dir/./b.txt",
          "di",
          "dir/deep/c/d",
        ]) {
          expect(await backend.objects.treeEntry(view, head, path)).toBeUndefined();
        }
        expect(await backend.objects.treeEntry(view, ABSENT, "a.txt")).toBeUndefined();
        expect(
          await backend.objects.treeEntry(view, await repository.text(["rev-parse", "HEAD:a.txt"]), "a.txt"),
        ).toBeUndefined();
      });
    });

    describe("listTree", () => {
      async function referee(treeish: string, recursive: boolean): Promise<TreeEntry[]> {
        const output = await repository.git(["ls-tree", "-z", "-t", ...(recursive ? ["-r"] : []), treeish]);
        const lines = output.toString("latin1").split("\0").slice(0, -1);
        return lines.map((line) => {
          const [, mode, type, oid, path] = /^(\d+) (\w+) (\w+)\t(.*)$/s.exec(line)!;
          return { path: path!, mode: Number.parseInt(mode!, 8), type: type as TreeEntry["type"], oid: oid! };
        });
      }

      test("lists as git ls-tree does", async () => {
        for (const recursive of [false, true]) {
          for (const treeish of [head, tag, await repository.text(["rev-parse", "HEAD^{tree}"])]) {
            expect(await collect(backend.objects.listTree(view, treeish, { recursive }))).toEqual(
              await referee(treeish, recursive),
            );
          }
        }
      });

      test("lists thousands of entries in batches, each once and in order", async () => {
        const files: Record<string, string> = {};
        for (let i = 0; i < 9000; i++)
          files[`${i % 7}/folder-${i % 90}/a rather long name of file number ${i}`] = `${i % 10}`;
        files["0/folder-0/z/z/z"] = "deep";
        const commit = await repository.commit({ branch: "many", files, parents: [] });
        expect(await collect(backend.objects.listTree(view, commit, { recursive: true }))).toEqual(
          await referee(commit, true),
        );
      }, 20_000);

      test("puts the prefix before each path", async () => {
        const dir = await repository.text(["rev-parse", "HEAD:dir"]);
        const entries = await collect(backend.objects.listTree(view, dir, { recursive: true, prefix: "dir/" }));
        expect(entries.map((entry) => entry.path)).toEqual(["dir/b.txt", "dir/deep", "dir/deep/c"]);
      });

      test("throws object_not_found for what is no tree", async () => {
        for (const oid of [ABSENT, await repository.text(["rev-parse", "HEAD:a.txt"])]) {
          for (const recursive of [false, true]) {
            await expect(collect(backend.objects.listTree(view, oid, { recursive }))).rejects.toMatchObject({
              reason: "object_not_found",
            });
          }
        }
      });
    });

    test("a repository made anew at the same path is another one", async () => {
      await using other = await TemporaryRepository.create();
      const otherView: RepositoryView = { gitDir: other.path, objectFormat: "sha1" };
      const before = await other.commit({ files: { a: "before" } });
      expect(await backend.objects.info(otherView, before)).toBeDefined();
      await other.recreate();
      expect(await backend.objects.info(otherView, before)).toBeUndefined();
      const after = await other.commit({ files: { a: "after" } });
      expect(await backend.objects.resolve(otherView, "main", "commit")).toBe(after);
    });

    test("objects that a repack moved or dropped, and alternates that came, are seen", async () => {
      await using other = await TemporaryRepository.create();
      const otherView: RepositoryView = { gitDir: other.path, objectFormat: "sha1" };
      const kept = await other.commit({ files: { a: "kept" } });
      const dropped = await other.writeObject("blob", "dropped");
      expect(await backend.objects.info(otherView, kept)).toBeDefined();
      expect(await backend.objects.info(otherView, dropped)).toBeDefined();
      await other.git(["repack", "-adq"]);
      await other.git(["prune", "--expire=now"]);
      expect(await backend.objects.info(otherView, kept)).toBeDefined();
      expect(await backend.objects.info(otherView, dropped)).toBeUndefined();
      expect(await backend.objects.info(otherView, head)).toBeUndefined();
      await Bun.write(`${other.path}/objects/info/alternates`, `${repository.path}/objects\n`);
      expect(await backend.objects.info(otherView, head)).toBeDefined();
    });

    test("SHA-256 is done, or declined", async () => {
      await using other = await TemporaryRepository.create({ objectFormat: "sha256" });
      const commit = await other.commit({ files: { a: "a" } });
      const otherView: RepositoryView = { gitDir: other.path, objectFormat: "sha256" };
      const answer = await unlessUnsupported(backend.objects.resolve(otherView, "main", "commit"));
      expect(answer).toEqual(name === "libgit2" ? undefined : { value: commit });
    });

    test("an aborted request is refused", async () => {
      const signal = AbortSignal.abort();
      await expect(backend.objects.read({ ...view, signal }, head)).rejects.toMatchObject({ reason: "canceled" });
    });
  });
}
