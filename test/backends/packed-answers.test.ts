import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { rename, rm } from "node:fs/promises";
import type { GitBackend, RepositoryView } from "../../src/backend/backend.ts";
import { loadAddon } from "../../src/backend/libgit2/addon.ts";
import { createLibgit2Backend } from "../../src/backend/libgit2/libgit2-backend.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

/* What is kept of packs holds only while git leaves them as they are. */

let backend: GitBackend;
let repository: TemporaryRepository;
let view: RepositoryView;
let commit: string;

beforeAll(() => {
  backend = createLibgit2Backend(loadAddon());
});

afterAll(() => backend.close());

beforeEach(async () => {
  repository = await TemporaryRepository.create();
  view = { gitDir: repository.path, objectFormat: "sha1" };
  commit = await repository.commit({ files: { "dir/a.txt": "one\n" } });
});

afterEach(() => repository[Symbol.asyncDispose]());

/** What a commit tells of a file: its tree, the entry's id, the content. */
async function told() {
  const tree = await backend.objects.resolve(view, commit, "tree");
  const entry = await backend.objects.treeEntry(view, commit, "dir/a.txt");
  const blob = entry && (await backend.objects.read(view, entry.oid, 1024));
  return [tree, entry?.oid, blob && Buffer.from(blob.content).toString()];
}

const NOTHING = [undefined, undefined, undefined];

/** Drops the commit, as git does for whoever works beside us. */
async function drop(): Promise<void> {
  await repository.git(["update-ref", "-d", "refs/heads/main"]);
  await repository.git(["reflog", "expire", "--all", "--expire=now"]);
  await repository.git(["repack", "-adq"]);
  await repository.git(["prune", "--expire=now"]);
}

for (const [what, prepare] of [
  ["packed", () => repository.git(["repack", "-adq"])],
  ["loose", async () => {}],
] as const) {
  test(`a ${what} file is told again, until git has pruned it`, async () => {
    await prepare();
    const first = await told();
    expect(first[2]).toBe("one\n");
    for (let again = 0; again < 3; again++) expect(await told()).toEqual(first);
    await drop();
    expect(await told()).toEqual(NOTHING);
  });
}

test("a repository in the place of another is asked anew", async () => {
  await repository.git(["repack", "-adq"]);
  for (let again = 0; again < 3; again++) expect((await told())[2]).toBe("one\n");
  const other = await TemporaryRepository.create();
  await other.commit({ files: { "b.txt": "two\n" } });
  await other.git(["repack", "-adq"]);
  await rm(repository.path, { recursive: true });
  await rename(other.path, repository.path);
  expect(await told()).toEqual(NOTHING);
});

test("what was not there is looked for again", async () => {
  await repository.git(["repack", "-adq"]);
  await using other = await TemporaryRepository.create();
  const later = await other.commit({ files: { "b.txt": "two\n" } });
  expect(await backend.objects.resolve(view, later, "tree")).toBeUndefined();
  await repository.git(["fetch", "-q", other.path, "main"]);
  expect(await backend.objects.resolve(view, later, "tree")).toBeDefined();
});
