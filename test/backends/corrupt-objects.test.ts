import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitBackend, RepositoryView } from "../../src/backend/backend.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { collect } from "../support/collect.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const CONTENT = Buffer.from(Array.from({ length: 5000 }, (_, index) => `line ${(index * 7919) % 5000}\n`).join(""));

/** Ways in which a file of an object can be damaged. */
const DAMAGES: Readonly<Record<string, (file: Buffer) => Buffer>> = {
  "an empty file": () => Buffer.alloc(0),
  "a file that was cut": (file) => file.subarray(0, file.length / 2),
  "a damaged beginning": (file) => Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff]), file.subarray(4)]),
  "a damaged middle": (file) => Buffer.concat([file.subarray(0, 1000), Buffer.alloc(100, 0x55), file.subarray(1100)]),
};

for (const { name, open } of BACKENDS_UNDER_TEST) {
  describe(`corrupt objects over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: GitBackend;
    let view: RepositoryView;

    beforeAll(async () => {
      repository = await TemporaryRepository.create();
      backend = open();
      view = { gitDir: repository.path, objectFormat: "sha1" };
    });

    afterAll(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    async function damage(path: string, change: (file: Buffer) => Buffer): Promise<void> {
      await chmod(path, 0o644);
      await writeFile(path, change(await readFile(path)));
    }

    /** Never the content, never "absent": the object is there and cannot be read. */
    async function expectCorrupt(oid: string): Promise<void> {
      for (const ask of [() => backend.objects.read(view, oid), () => collect(backend.objects.stream(view, oid))]) {
        const error = await ask().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(OperationError);
        expect((error as OperationError).reason).toBe("object_corrupt");
      }
    }

    for (const [what, change] of Object.entries(DAMAGES)) {
      test(`${what}, loose`, async () => {
        const oid = await repository.writeObject("blob", Buffer.concat([CONTENT, Buffer.from(what)]));
        await damage(join(repository.path, "objects", oid.slice(0, 2), oid.slice(2)), change);
        await expectCorrupt(oid);
        const sound = await repository.writeObject("blob", `sound beside ${what}`);
        expect(await backend.objects.info(view, sound)).toMatchObject({ type: "blob" });
      });
    }

    test("a damaged pack", async () => {
      await using other = await TemporaryRepository.create();
      const commit = await other.commit({ files: { large: CONTENT } });
      await other.git(["repack", "-adq"]);
      const oid = await other.text(["rev-parse", "HEAD:large"]);
      const packs = join(other.path, "objects/pack");
      const pack = (await readdir(packs)).find((file) => file.endsWith(".pack"))!;
      const offset = Number(
        (await other.text(["show-index"], { input: await readFile(join(packs, pack.replace(".pack", ".idx"))) }))
          .split("\n")
          .find((line) => line.includes(oid))!
          .split(" ")[0],
      );
      await damage(join(packs, pack), (file) =>
        Buffer.concat([file.subarray(0, offset + 1000), Buffer.alloc(100, 0x55), file.subarray(offset + 1100)]),
      );
      const otherView: RepositoryView = { gitDir: other.path, objectFormat: "sha1" };
      await expect(backend.objects.read(otherView, oid)).rejects.toMatchObject({ reason: "object_corrupt" });
      expect(await backend.objects.info(otherView, commit)).toMatchObject({ type: "commit" });
    });
  });
}
