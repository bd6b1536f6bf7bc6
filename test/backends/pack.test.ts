import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import type { GitBackend, PackRequest, QuarantinedView, RepositoryView } from "../../src/backend/backend.ts";
import { hasReason } from "../../src/domain/errors.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const REQUEST: PackRequest = { wants: [], haves: [], thin: false, ofsDelta: true, includeTag: false };
const RECEIVE = { bytesMax: 100_000_000, refuseLegacyFaults: false };

async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function packOf(backend: GitBackend, view: RepositoryView, request: Partial<PackRequest>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const { kind, bytes } of backend.pack.create(view, { ...REQUEST, ...request })) {
    if (kind === "pack") pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

// The library leaves packs to native git, so the router stands for both.
for (const { name, open } of BACKENDS_UNDER_TEST.filter((backend) => backend.name !== "libgit2")) {
  describe(`packs over ${name}`, () => {
    let backend: GitBackend;
    let source: TemporaryRepository;
    let target: TemporaryRepository;
    let view: RepositoryView;
    let first: string;
    let tip: string;

    beforeAll(async () => {
      backend = open();
      source = await TemporaryRepository.create();
      target = await TemporaryRepository.create();
      view = { gitDir: source.path, objectFormat: "sha1" };
      first = await source.commit({ files: { "a.txt": "one\n" } });
      tip = await source.commit({ files: { "a.txt": "one\n", "b.txt": "two\n" } });
    });

    afterAll(async () => {
      await backend.close();
      await source[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    });

    const quarantine = (): QuarantinedView => ({
      gitDir: target.path,
      objectFormat: "sha1",
      quarantineDir: `${target.path}/quarantine-${randomUUID()}`,
    });

    test("what create gives, receive takes", async () => {
      const inside = quarantine();
      const pack = await packOf(backend, view, { wants: [tip] });
      await backend.pack.receive(inside, inPieces(pack), RECEIVE);
      expect(await backend.pack.unconnected(inside, [tip, first])).toEqual([]);
      expect(await backend.objects.info(inside, tip)).toMatchObject({ type: "commit" });
      await (
        await backend.quarantine.migrate(inside)
      ).flushed;
      await backend.quarantine.discard(inside);
      await target.git(["fsck", "--strict"]);
      await target.git(["cat-file", "-e", tip]);
      expect((await readdir(target.path)).filter((file) => file.startsWith("quarantine"))).toEqual([]);
    });

    test("garbage is told as such", async () => {
      const inside = quarantine();
      const error = await backend.pack
        .receive(inside, inPieces(Buffer.from("not a pack at all")), RECEIVE)
        .catch((thrown: unknown) => thrown);
      expect(hasReason(error, "pack_invalid")).toBe(true);
      await backend.quarantine.discard(inside);
    });
  });
}
