import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitBackend, RepositoryView } from "../../src/backend/backend.ts";
import { zeroOid } from "../../src/domain/oid.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { collect } from "../support/collect.ts";
import { failureOf } from "../support/failure-of.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

for (const { name, open } of BACKENDS_UNDER_TEST) {
  describe(`damaged repositories over ${name}`, () => {
    let repository: TemporaryRepository;
    let backend: GitBackend;
    let commit: string;

    beforeEach(async () => {
      repository = await TemporaryRepository.create();
      commit = await repository.commit({ files: { "a.txt": "a\n" } });
      backend = open();
    });

    afterEach(async () => {
      await backend.close();
      await repository[Symbol.asyncDispose]();
    });

    /** Whatever is asked, the answer is the reason: never an empty one, never a bug of the server. */
    async function expectEverywhere(reason: string): Promise<void> {
      const view: RepositoryView = { gitDir: repository.path, objectFormat: "sha1" };
      const change = { name: "refs/heads/new", newOid: commit, expectedOid: zeroOid("sha1") };
      for (const ask of [
        () => backend.refs.head(view),
        () => backend.refs.read(view, "refs/heads/main"),
        () => collect(backend.refs.list(view, { prefixes: [], peel: false })),
        () => backend.refs.prepare(view, [change], { deref: false }),
        () => backend.objects.read(view, commit),
        () => collect(backend.objects.stream(view, commit)),
      ]) {
        expect(await failureOf(ask())).toMatchObject({ name: "OperationError", reason });
      }
    }

    test("a configuration that cannot be read", async () => {
      await writeFile(join(repository.path, "config"), "[core\n");
      await expectEverywhere("repository_invalid");
    });

    test("a format version that is no number", async () => {
      await repository.git(["config", "core.repositoryFormatVersion", "new"]);
      await expectEverywhere("repository_invalid");
    });

    for (const part of ["refs", "objects"]) {
      test(`"${part}" is a file`, async () => {
        await rm(join(repository.path, part), { recursive: true });
        await writeFile(join(repository.path, part), "");
        await expectEverywhere("repository_invalid");
      });
    }

    // The library leaves formats that it does not know to git, which has the last word.
    const unknown = name === "libgit2" ? "unsupported" : "repository_invalid";

    test("an extension that nobody knows", async () => {
      await repository.git(["config", "core.repositoryFormatVersion", "1"]);
      await repository.git(["config", "extensions.unheardOf", "true"]);
      await expectEverywhere(unknown);
    });

    test("a format of the future", async () => {
      await repository.git(["config", "core.repositoryFormatVersion", "99"]);
      await expectEverywhere(unknown);
    });
  });
}
