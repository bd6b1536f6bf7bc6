import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
  const file = await backend.objects.readFile(view, commit, "dir/a.txt");
  const texts = [blob, file].map((each) => each?.content && Buffer.from(each.content).toString());
  return [tree, entry?.oid, ...texts];
}

const NOTHING = [undefined, undefined, undefined, undefined];

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
    expect(first.slice(2)).toEqual(["one\n", "one\n"]);
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

test("a commit of an alternate is there for as long as the alternate is", async () => {
  await repository.git(["repack", "-adq"]);
  await using other = await TemporaryRepository.create();
  const borrowed = { gitDir: other.path, objectFormat: "sha1" } as const;
  const content = async () => (await backend.objects.readFile(borrowed, commit, "dir/a.txt"))?.content;
  expect(await content()).toBeUndefined();
  const alternates = join(other.path, "objects/info/alternates");
  await writeFile(alternates, `${repository.path}/objects\n`);
  for (let again = 0; again < 3; again++) expect(Buffer.from((await content())!).toString()).toBe("one\n");
  await rm(alternates);
  // Within one turn of the event loop answers are shared.
  await new Promise(setImmediate);
  expect(await content()).toBeUndefined();
});

test("a file is read from packs that replace each other meanwhile", async () => {
  const read = async () =>
    Buffer.from((await backend.objects.readFile(view, commit, "dir/a.txt"))!.content!).toString();
  for (let round = 0; round < 3; round++) {
    const packing = repository.git(["repack", "-adfq"]);
    let packed = false;
    const done = packing.then(() => (packed = true));
    while (!packed) {
      expect(await read()).toBe("one\n");
      await new Promise(setImmediate);
    }
    await done;
  }
});

test("what was not there is looked for again", async () => {
  await repository.git(["repack", "-adq"]);
  await using other = await TemporaryRepository.create();
  const later = await other.commit({ files: { "b.txt": "two\n" } });
  expect(await backend.objects.resolve(view, later, "tree")).toBeUndefined();
  await repository.git(["fetch", "-q", other.path, "main"]);
  expect(await backend.objects.resolve(view, later, "tree")).toBeDefined();
});
