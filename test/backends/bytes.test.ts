import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import type { QuarantinedView, RepositoryView } from "../../src/backend/backend.ts";
import { zeroOid } from "../../src/domain/oid.ts";
import { BACKENDS_UNDER_TEST, type OpenBackend } from "../support/backends-under-test.ts";
import { collect } from "../support/collect.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

/** Names that a shell, an encoding, a list of lines or an option parser would damage. */
const NAMES = [
  "\xff",
  "caf\xe9",
  "caf\xc3\xa9",
  "-n",
  "--all",
  "a'b\"c",
  "back\\slash",
  "new\nline",
  "ta\tb",
  " ",
  "$HOME;`id`",
  ":(top)",
];

for (const { name, open } of BACKENDS_UNDER_TEST.filter((backend) => backend.name !== "libgit2")) {
  describe(`names of any bytes over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: OpenBackend;
    let view: RepositoryView;
    let empty: string;
    let head: string;

    beforeAll(async () => {
      repository = await TemporaryRepository.create();
      backend = open();
      view = { gitDir: repository.path, objectFormat: "sha1" };
      empty = await repository.commit({ files: {} });
      head = await repository.commit({
        files: Object.fromEntries(NAMES.map((path) => [path, `at ${JSON.stringify(path)}\n`])),
        message: Buffer.from("caf\xe9\n", "latin1"),
        author: "Ren\xe9 <rene@example.com>",
      });
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    test("branches", async () => {
      for (const branch of ["refs/heads/b\xff", "refs/heads/-n", "refs/heads/a'b\"c", "refs/heads/\xff/\xfe"]) {
        const created = await backend.refs.prepare(
          view,
          [{ name: branch, newOid: head, expectedOid: zeroOid("sha1") }],
          { deref: true },
        );
        await created.commit();
        expect(await backend.refs.read(view, branch)).toMatchObject({ name: branch, oid: head });
        expect(
          (await collect(backend.refs.list(view, { prefixes: [branch], peel: false }))).map((ref) => ref.name),
        ).toEqual([branch]);
        expect(await backend.objects.resolve(view, branch, "commit")).toBe(head);
        expect(await collect(backend.history.log(view, { revisions: [branch], limit: 1 }))).toEqual([head]);
        await backend.refs.setHead(view, branch);
        expect(await backend.refs.head(view)).toEqual({ target: branch, oid: head });
        await backend.settleCanary?.();
        await backend.refs.setHead(view, "refs/heads/main");
        const deleted = await backend.refs.prepare(view, [{ name: branch, newOid: zeroOid("sha1") }], { deref: false });
        expect(deleted.oldOids).toEqual([head]);
        await deleted.commit();
        expect(await backend.refs.read(view, branch)).toBeUndefined();
      }
    });

    test("paths of entries", async () => {
      for (const path of NAMES) {
        const content = `at ${JSON.stringify(path)}\n`;
        const entry = await backend.objects.treeEntry(view, head, path);
        expect(entry).toMatchObject({ path, mode: 0o100644 });
        expect(Buffer.from((await backend.objects.read(view, entry!.oid))!.content).toString("utf8")).toBe(content);
        expect(await backend.objects.resolve(view, `HEAD:${path}`)).toBe(entry!.oid);
      }
      const listed = await collect(backend.objects.listTree(view, head, { recursive: true }));
      expect(listed.map(({ path }) => path)).toEqual(NAMES.toSorted());
    });

    test("paths of diffs", async () => {
      const patches = await collect(backend.diff.patches(view, { left: empty, right: head }));
      expect(patches.map(({ newPath }) => newPath)).toEqual(NAMES.toSorted());
      for (const { newPath, patch } of patches) {
        expect(Buffer.from(patch).toString("utf8")).toBe(`@@ -0,0 +1 @@\n+at ${JSON.stringify(newPath)}\n`);
      }
      const stats = await collect(backend.diff.stats(view, empty, head));
      expect(stats.map(({ path }) => path)).toEqual(NAMES.toSorted());
      const changed = await collect(backend.diff.changedPaths(view, [{ kind: "commit", commit: head }], "include"));
      expect(changed.map(({ newPath }) => newPath)).toEqual(NAMES.toSorted());
    });

    test("paths that narrow", async () => {
      for (const path of NAMES.filter((candidate) => !/^:|[\\]/.test(candidate))) {
        expect(await collect(backend.history.log(view, { revisions: ["HEAD"], paths: [path] }))).toEqual([head]);
        const patches = await collect(backend.diff.patches(view, { left: empty, right: head, paths: [path] }));
        expect(patches.map(({ newPath }) => newPath)).toEqual([path]);
      }
      expect(await collect(backend.history.log(view, { revisions: ["HEAD"], paths: ["\xfe"] }))).toEqual([]);
    });

    test("authors and messages", async () => {
      // Git compares both as UTF-8 once it has taken bytes that are not for Latin-1.
      for (const author of ["Ren\xe9", "Ren\xc3\xa9"]) {
        const found = await collect(backend.history.log(view, { revisions: ["HEAD"], author }));
        expect(found).toEqual(await asGit(["--author", author]));
      }
      for (const pattern of ["caf\xe9", "caf"]) {
        const found = await collect(backend.history.log(view, { revisions: ["HEAD"], messagePatterns: [pattern] }));
        expect(found).toEqual(await asGit(["--grep", pattern]));
      }
    });

    /** What git finds; arguments that are not UTF-8 are given as a shell's printf makes them. */
    async function asGit([option, pattern]: [string, string]): Promise<string[]> {
      const octal = [...Buffer.from(pattern, "latin1")]
        .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
        .join("");
      const script = `git rev-list ${option}="$(printf '${octal}')" HEAD`;
      const child = Bun.spawn(["sh", "-c", script], {
        cwd: repository.path,
        env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
      });
      return (await child.stdout.text()).split("\n").filter((line) => line !== "");
    }

    test("edits of trees", async () => {
      const quarantineDir = await mkdtemp(`${repository.path}-quarantine-`);
      const quarantined: QuarantinedView = { ...view, quarantineDir };
      const oid = await backend.objects.write(quarantined, "blob", Buffer.from("edited"));
      const edits = NAMES.map((path) => ({ path: `\xff/${path}`, mode: 0o100644, oid }));
      const tree = await backend.objects.editTree(quarantined, undefined, edits);
      const listed = await collect(backend.objects.listTree(quarantined, tree, { recursive: true }));
      expect(listed.map(({ path }) => path)).toEqual(["\xff", ...NAMES.toSorted().map((path) => `\xff/${path}`)]);
      await backend.quarantine.discard(quarantined);
    });
  });
}
