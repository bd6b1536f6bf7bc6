import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitBackend, QuarantinedView, RepositoryView } from "../../src/backend/backend.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { collect } from "../support/collect.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const viewOf = (repository: TemporaryRepository): RepositoryView => ({ gitDir: repository.path, objectFormat: "sha1" });

async function quarantineOf(repository: TemporaryRepository): Promise<QuarantinedView> {
  return { ...viewOf(repository), quarantineDir: await mkdtemp(`${repository.path}-quarantine-`) };
}

/** Objects that stand in a quarantine directory. */
async function objectsIn(repository: TemporaryRepository, { quarantineDir }: QuarantinedView): Promise<string[]> {
  const env = { GIT_OBJECT_DIRECTORY: quarantineDir };
  const all = await repository.text(["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"], { env });
  return all === "" ? [] : all.split("\n").toSorted();
}

for (const { name, open } of BACKENDS_UNDER_TEST.filter((backend) => backend.name !== "libgit2")) {
  describe(`maintenance over ${name}`, () => {
    let backend: GitBackend;
    let source: TemporaryRepository;
    let head: string;

    beforeAll(async () => {
      backend = open();
      source = await TemporaryRepository.create();
      for (let i = 0; i < 5; i++) head = await source.commit({ files: { a: `${i}\n`, [`f${i}`]: `${i}` } });
      await source.git(["tag", "-a", "-m", "release", "v1"]);
    });

    afterAll(async () => {
      await backend.close();
      await source[Symbol.asyncDispose]();
    });

    test("collectGarbage packs, and keeps what is reachable", async () => {
      await using repository = await TemporaryRepository.create();
      const commit = await repository.commit({ files: { a: "a" } });
      await repository.writeObject("blob", "loose");
      await collect(backend.maintenance.collectGarbage(viewOf(repository)));
      const packs = await readdir(join(repository.path, "objects/pack"));
      expect(packs.filter((file) => file.endsWith(".pack"))).toHaveLength(1);
      expect(await readdir(join(repository.path, "objects/info"))).toContain("commit-graph");
      expect(await backend.objects.info(viewOf(repository), commit)).toMatchObject({ type: "commit" });
    });

    test("check says what is wrong, and how git ended", async () => {
      await using repository = await TemporaryRepository.create();
      await repository.commit({ files: { a: "a", b: "b" } });
      expect(await collect(backend.maintenance.check(viewOf(repository)))).toEqual(["exit code 0"]);
      await repository.git(["repack", "-adq"]);
      const packs = join(repository.path, "objects/pack");
      const pack = join(
        packs,
        (await readdir(packs)).find((file) => file.endsWith(".pack"))!,
      );
      await chmod(pack, 0o644);
      const content = await readFile(pack);
      content[content.length - 30]! ^= 0xff;
      await writeFile(pack, content);
      const lines = await collect(backend.maintenance.check(viewOf(repository)));
      expect(lines.at(-1)).toMatch(/^exit code [1-9]/);
      expect(lines.join("\n")).toMatch(/corrupt|mismatch|error/);
    });

    test("a run that is canceled stops", async () => {
      const signal = AbortSignal.abort();
      await expect(collect(backend.maintenance.check({ ...viewOf(source), signal }))).rejects.toMatchObject({
        reason: "canceled",
      });
    });

    test("importFrom copies what all references reach, hidden ones and a detached HEAD too", async () => {
      await using hidden = await TemporaryRepository.create();
      await hidden.commit({ files: { a: "a" } });
      const secret = await hidden.commit({ branch: "secret", files: { b: "b" } });
      const detached = await hidden.commit({ branch: "detached", files: { c: "c" } });
      await hidden.git(["update-ref", "--no-deref", "HEAD", detached]);
      await hidden.git(["update-ref", "-d", "refs/heads/detached"]);
      await hidden.git(["config", "transfer.hideRefs", "refs/heads/secret"]);
      const everything = (await hidden.text(["rev-list", "--objects", "--no-object-names", "--all"]))
        .split("\n")
        .toSorted();
      await using target = await TemporaryRepository.create();
      const quarantined = await quarantineOf(target);
      expect((await collect(backend.maintenance.importFrom(quarantined, hidden.path))).join("\n")).toContain("objects");
      expect(await objectsIn(target, quarantined)).toEqual(everything);
      expect(everything).toContain(secret);
      expect(await backend.objects.info(viewOf(target), secret)).toBeUndefined();
    });

    test("importFrom of an empty repository brings nothing; of none fails", async () => {
      await using empty = await TemporaryRepository.create();
      await using target = await TemporaryRepository.create();
      const quarantined = await quarantineOf(target);
      await collect(backend.maintenance.importFrom(quarantined, empty.path));
      expect(await objectsIn(target, quarantined)).toEqual([]);
      await expect(collect(backend.maintenance.importFrom(quarantined, `${target.path}-none`))).rejects.toMatchObject({
        reason: "repository_not_found",
      });
    });

    test("fetch copies a commit and what it needs, not what is there already", async () => {
      await using target = await TemporaryRepository.create();
      const first = await source.text(["rev-parse", "main~4"]);
      const quarantined = await quarantineOf(target);
      await backend.quarantine.fetch(quarantined, viewOf(source), first);
      const reached = (await source.text(["rev-list", "--objects", "--no-object-names", first])).split("\n").toSorted();
      expect(await objectsIn(target, quarantined)).toEqual(reached);
      await (
        await backend.quarantine.migrate(quarantined)
      ).flushed;
      await backend.quarantine.discard(quarantined);
      await target.git(["update-ref", "refs/heads/main", first]);
      const again = await quarantineOf(target);
      await backend.quarantine.fetch(again, viewOf(source), head);
      const missing = (await source.text(["rev-list", "--objects", "--no-object-names", head, `^${first}`]))
        .split("\n")
        .toSorted();
      expect(await objectsIn(target, again)).toEqual(missing);
      expect(await backend.history.isAncestor(again, first, head)).toBe(true);
      await backend.quarantine.discard(again);
    });

    test("fetch of hundreds of objects brings a pack", async () => {
      await using large = await TemporaryRepository.create();
      const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index}`, `${index}`]));
      const commit = await large.commit({ files });
      await using target = await TemporaryRepository.create();
      const quarantined = await quarantineOf(target);
      await backend.quarantine.fetch(quarantined, viewOf(large), commit);
      expect(await collect(backend.objects.listTree(quarantined, commit, { recursive: true }))).toHaveLength(300);
      await (
        await backend.quarantine.migrate(quarantined)
      ).flushed;
      await backend.quarantine.discard(quarantined);
      expect(await backend.objects.info(viewOf(target), commit)).toMatchObject({ type: "commit" });
      expect(await target.text(["fsck", "--strict", "--no-dangling"])).toBe("");
    });

    test("fetch of what is nowhere says so", async () => {
      await using target = await TemporaryRepository.create();
      await expect(
        backend.quarantine.fetch(await quarantineOf(target), viewOf(source), "1".repeat(40)),
      ).rejects.toMatchObject({
        reason: "object_not_found",
      });
    });
  });
}
