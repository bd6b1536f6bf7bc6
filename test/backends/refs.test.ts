import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { access, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RefsFacet, RepositoryView } from "../../src/backend/backend.ts";
import { hasReason, type OperationError } from "../../src/domain/errors.ts";
import type { RefChange, Reference } from "../../src/domain/reference.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const ZERO = "0".repeat(40);
const ABSENT = "1".repeat(40);

const viewOf = (repository: TemporaryRepository): RepositoryView => ({
  gitDir: repository.path,
  objectFormat: "sha1",
});

async function listed(
  refs: RefsFacet,
  repository: TemporaryRepository,
  prefixes: readonly string[] = [],
  peel = false,
): Promise<Reference[]> {
  const all: Reference[] = [];
  for await (const batch of refs.list(viewOf(repository), { prefixes, peel })) all.push(...batch);
  return all;
}

async function change(
  refs: RefsFacet,
  repository: TemporaryRepository,
  changes: readonly RefChange[],
  deref = true,
): Promise<readonly string[]> {
  const prepared = await refs.prepare(viewOf(repository), changes, { deref });
  await prepared.commit();
  return prepared.oldOids;
}

/** The error that a call ends with. */
async function errorOf(promise: Promise<unknown>): Promise<OperationError> {
  return (await promise.then(
    () => {
      throw new Error("it should have failed");
    },
    (error: unknown) => error,
  )) as OperationError;
}

async function locksIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true });
  return entries.filter((entry) => entry.endsWith(".lock") || entry.endsWith(".new"));
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

for (const { name: backend, open } of BACKENDS_UNDER_TEST) {
  describe(`refs over ${backend}`, () => {
    const git = open();
    const { refs } = git;
    let repository: TemporaryRepository;
    let first: string;
    let second: string;

    beforeAll(async () => {
      repository = await TemporaryRepository.create();
      first = await repository.commit({ branch: "main", files: { a: "1" } });
      second = await repository.commit({ branch: "main", files: { a: "2" } });
    });

    afterAll(async () => {
      await git.close();
      await repository[Symbol.asyncDispose]();
    });

    /** An empty repository with the objects of the shared one. */
    async function fresh(): Promise<TemporaryRepository> {
      const made = await TemporaryRepository.create();
      await writeFile(join(made.path, "objects/info/alternates"), `${join(repository.path, "objects")}\n`);
      return made;
    }

    describe("head", () => {
      test("names the branch and its commit", async () => {
        expect(await refs.head(viewOf(repository))).toEqual({ target: "refs/heads/main", oid: second });
      });

      test("has no commit while the branch is unborn", async () => {
        await using empty = await TemporaryRepository.create({ branch: "trunk" });
        expect(await refs.head(viewOf(empty))).toEqual({ target: "refs/heads/trunk" });
      });

      test("has no branch when it is detached", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "--no-deref", "HEAD", first]);
        expect(await refs.head(viewOf(made))).toEqual({ oid: first });
      });

      test("sees at once what git did beside it", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/main", first]);
        expect((await refs.head(viewOf(made))).oid).toBe(first);
        await made.git(["pack-refs", "--all", "--prune"]);
        expect((await refs.head(viewOf(made))).oid).toBe(first);
        await made.git(["update-ref", "refs/heads/main", second]);
        expect((await refs.head(viewOf(made))).oid).toBe(second);
        await made.git(["pack-refs", "--all", "--prune"]);
        expect((await refs.head(viewOf(made))).oid).toBe(second);
        await made.git(["symbolic-ref", "HEAD", "refs/heads/other"]);
        expect(await refs.head(viewOf(made))).toEqual({ target: "refs/heads/other" });
      });

      test("follows a branch that is a symbolic reference itself, as git branch --show-current does", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/other", first]);
        await made.git(["symbolic-ref", "refs/heads/link", "refs/heads/other"]);
        await made.git(["symbolic-ref", "HEAD", "refs/heads/link"]);
        expect(await refs.head(viewOf(made))).toEqual({ target: "refs/heads/other", oid: first });
        await made.git(["update-ref", "-d", "refs/heads/other"]);
        expect(await refs.head(viewOf(made))).toEqual({ target: "refs/heads/other" });
      });
    });

    describe("read", () => {
      test("answers what git answers, loose or packed", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/packed", first]);
        await made.git(["pack-refs", "--all"]);
        await made.git(["update-ref", "refs/heads/loose", second]);
        await made.git(["symbolic-ref", "refs/heads/link", "refs/heads/loose"]);
        await made.git(["symbolic-ref", "refs/heads/link-to-link", "refs/heads/link"]);
        await made.git(["symbolic-ref", "refs/heads/dangling", "refs/heads/nowhere"]);
        const read = (name: string) => refs.read(viewOf(made), name);
        expect(await read("refs/heads/packed")).toEqual({ name: "refs/heads/packed", oid: first });
        expect(await read("refs/heads/loose")).toEqual({ name: "refs/heads/loose", oid: second });
        const symbolicTarget = "refs/heads/loose";
        expect(await read("refs/heads/link")).toEqual({ name: "refs/heads/link", oid: second, symbolicTarget });
        expect(await read("refs/heads/link-to-link")).toMatchObject({ oid: second, symbolicTarget });
        expect(await read("refs/heads/dangling")).toBeUndefined();
        expect(await read("refs/heads/none")).toBeUndefined();
        expect(await read("refs/heads")).toBeUndefined();
      });

      test("takes nothing but reference names", async () => {
        for (const name of [
          "config",
          "refs/heads/../../config",
          "refs/heads/main\0x",
          "",
          "refs//heads/main",
          "/HEAD",
        ]) {
          expect(await refs.read(viewOf(repository), name)).toBeUndefined();
        }
      });

      test("takes a broken file for absent, even over a packed value", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/broken", first]);
        await made.git(["pack-refs", "--all"]);
        for (const content of ["", "zzzz\n", `${first}0\n`, `${ZERO}\n`, "ref: refs/heads/../x\n"]) {
          await writeFile(join(made.path, "refs/heads/broken"), content);
          expect(await refs.read(viewOf(made), "refs/heads/broken")).toBeUndefined();
        }
      });

      test("finds names of any bytes", async () => {
        await using made = await fresh();
        const name = "refs/heads/\xe9\xff";
        await change(refs, made, [{ name, newOid: first }]);
        expect((await refs.read(viewOf(made), name))?.oid).toBe(first);
        expect(await made.text(["for-each-ref", "--format=%(refname)"])).toBe(name);
        await made.git(["pack-refs", "--all"]);
        expect((await refs.read(viewOf(made), name))?.oid).toBe(first);
      });
    });

    describe("list", () => {
      test("is for-each-ref's list", async () => {
        await using made = await fresh();
        const names = Array.from(
          { length: 40 },
          (_, i) => `refs/${["heads", "tags", "x-y", "x"][i % 4]!}/n${i % 7}/${i}`,
        );
        const create = names.map((name, i) => `create ${name} ${i % 3 ? first : second}\n`);
        await made.git(["update-ref", "--stdin"], { input: create.slice(0, 25).join("") });
        await made.git(["pack-refs", "--all"]);
        await made.git(["update-ref", "--stdin"], { input: create.slice(25).join("") });
        await made.git(["update-ref", names[3]!, second]);
        await made.git(["symbolic-ref", "refs/heads/link", names[0]!]);
        await made.git(["symbolic-ref", "refs/heads/dangling", "refs/heads/nowhere"]);
        await writeFile(join(made.path, "refs/heads/broken"), "what\n");
        await writeFile(join(made.path, "refs/heads/bad..name"), `${first}\n`);
        await writeFile(join(made.path, "refs/heads/left.lock"), `${first}\n`);
        for (const prefixes of [
          [],
          ["refs/"],
          ["refs/heads/"],
          ["refs/x"],
          ["refs/x/", "refs/tags/n1"],
          ["refs/heads/n1/", "refs/heads/n"],
        ]) {
          const expected = (await made.text(["for-each-ref", "--format=%(objectname) %(refname) %(symref)"]))
            .split("\n")
            .map((line) => line.split(" "))
            .filter(([, name]) => prefixes.length === 0 || prefixes.some((prefix) => name!.startsWith(prefix)));
          const found = await listed(refs, made, prefixes);
          expect(found.map(({ oid, name, symbolicTarget = "" }) => [oid, name, symbolicTarget])).toEqual(
            expected as [string, string, string][],
          );
        }
      });

      test("peels tags to the end, loose and packed", async () => {
        await using made = await fresh();
        await made.git(["tag", "-a", "-m", "x", "once", first]);
        await made.git(["tag", "-a", "-m", "x", "twice", "once"]);
        await made.git(["tag", "light", second]);
        await made.git(["update-ref", "refs/heads/main", second]);
        const expected = { once: first, twice: first, light: undefined };
        for (const step of ["loose", "packed"]) {
          if (step === "packed") await made.git(["pack-refs", "--all"]);
          const tags = await listed(refs, made, ["refs/tags/"], true);
          expect(Object.fromEntries(tags.map(({ name, peeledOid }) => [name.slice(10), peeledOid]))).toEqual(expected);
          const plain = await listed(refs, made, ["refs/tags/"], false);
          expect(plain.map(({ peeledOid }) => peeledOid)).toEqual([undefined, undefined, undefined]);
        }
      });

      test("reads packed-refs of older git: not sorted, not peeled", async () => {
        await using made = await fresh();
        await made.git(["tag", "-a", "-m", "x", "once", first]);
        const tag = await made.text(["rev-parse", "refs/tags/once"]);
        await rm(join(made.path, "refs/tags/once"));
        await writeFile(
          join(made.path, "packed-refs"),
          `${tag} refs/tags/once\n${second} refs/heads/z\n${first} refs/heads/a\n`,
        );
        expect(await listed(refs, made, [], true)).toMatchObject([
          { name: "refs/heads/a", oid: first },
          { name: "refs/heads/z", oid: second },
          { name: "refs/tags/once", oid: tag, peeledOid: first },
        ]);
        expect((await refs.read(viewOf(made), "refs/heads/a"))?.oid).toBe(first);
        await change(refs, made, [{ name: "refs/heads/z", newOid: ZERO }]);
        expect(await made.text(["for-each-ref", "--format=%(refname)"])).toBe("refs/heads/a\nrefs/tags/once");
      });

      test("lists thousands in batches, each once", async () => {
        await using made = await fresh();
        const names = Array.from({ length: 6500 }, (_, i) => `refs/heads/b${i}`);
        await writeFile(
          join(made.path, "packed-refs"),
          `${[...names]
            .sort()
            .map((name) => `${first} ${name}\n`)
            .join("")}`,
        );
        const found = await listed(refs, made, ["refs/heads/"]);
        expect(found.map(({ name }) => name)).toEqual([...names].sort());
      });

      test("lists nothing where nothing is", async () => {
        await using empty = await TemporaryRepository.create();
        expect(await listed(refs, empty)).toEqual([]);
        expect(await listed(refs, repository, ["refs/none/", "HEAD", "x", "refs/../"])).toEqual([]);
      });
    });

    describe("prepare", () => {
      test("creates, moves and deletes, and tells the values before", async () => {
        await using made = await fresh();
        expect(
          await change(refs, made, [
            { name: "refs/heads/x/y/z", newOid: first, expectedOid: ZERO },
            { name: "refs/heads/a", newOid: second },
          ]),
        ).toEqual([ZERO, ZERO]);
        expect(await change(refs, made, [{ name: "refs/heads/x/y/z", newOid: second, expectedOid: first }])).toEqual([
          first,
        ]);
        await made.git(["pack-refs", "--all"]);
        expect(
          await change(refs, made, [
            { name: "refs/heads/none", newOid: ZERO },
            { name: "refs/heads/x/y/z", newOid: ZERO, expectedOid: second },
            { name: "refs/heads/new", newOid: first },
          ]),
        ).toEqual([ZERO, second, ZERO]);
        expect(await made.text(["for-each-ref", "--format=%(objectname) %(refname)"])).toBe(
          `${second} refs/heads/a\n${first} refs/heads/new`,
        );
        expect(await exists(join(made.path, "refs/heads/x"))).toBe(false);
        expect(await locksIn(made.path)).toEqual([]);
        expect(await readFile(join(made.path, "packed-refs"), "latin1")).toStartWith("# pack-refs with:");
      });

      test("shows nothing before the commit, and nothing after an abort", async () => {
        await using made = await fresh();
        const prepared = await refs.prepare(viewOf(made), [{ name: "refs/heads/deep/er", newOid: first }], {
          deref: true,
        });
        expect(await listed(refs, made)).toEqual([]);
        expect(await exists(join(made.path, "refs/heads/deep/er.lock"))).toBe(true);
        await prepared.abort();
        expect(await listed(refs, made)).toEqual([]);
        expect(await locksIn(made.path)).toEqual([]);
        // Git can take the folder's name for a branch now.
        await made.git(["update-ref", "refs/heads/deep", first]);
      });

      test("changes all references or none", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/b", first]);
        const changes = [
          { name: "refs/heads/a", newOid: first },
          { name: "refs/heads/b", newOid: second, expectedOid: second },
          { name: "refs/heads/c", newOid: first },
        ];
        const error = await errorOf(change(refs, made, changes));
        expect(error.reason).toBe("reference_mismatch");
        expect(error.details).toEqual({ reference: "refs/heads/b", expected: second, actual: first });
        expect(await made.text(["for-each-ref", "--format=%(refname)"])).toBe("refs/heads/b");
        expect(await locksIn(made.path)).toEqual([]);
      });

      test("refuses a value that is not the expected one", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/here", first]);
        const exists = await errorOf(
          change(refs, made, [{ name: "refs/heads/here", newOid: second, expectedOid: ZERO }]),
        );
        expect(exists.reason).toBe("reference_mismatch");
        expect(exists.details).toEqual({ reference: "refs/heads/here", expected: ZERO, actual: first });
        const missing = await errorOf(
          change(refs, made, [{ name: "refs/heads/none", newOid: second, expectedOid: first }]),
        );
        expect(missing.reason).toBe("reference_mismatch");
        expect(missing.details).toEqual({ reference: "refs/heads/none", expected: first, actual: ZERO });
      });

      test("refuses names that conflict with others, on disk, packed, or in the same change", async () => {
        for (const packed of [false, true]) {
          await using made = await fresh();
          await made.git(["update-ref", "refs/heads/a", first]);
          await made.git(["update-ref", "refs/heads/d/e/f", first]);
          if (packed) await made.git(["pack-refs", "--all"]);
          const conflict = async (...names: string[]) => {
            const error = await errorOf(
              change(
                refs,
                made,
                names.map((name) => ({ name, newOid: second })),
              ),
            );
            expect(error.reason).toBe("reference_name_conflict");
            return error.details;
          };
          expect(await conflict("refs/heads/a/b")).toEqual({
            reference: "refs/heads/a/b",
            conflictsWith: "refs/heads/a",
          });
          expect(await conflict("refs/heads/d")).toEqual({
            reference: "refs/heads/d",
            conflictsWith: "refs/heads/d/e/f",
          });
          await conflict("refs/heads/d/e");
          await conflict("refs/heads/new", "refs/heads/new/er");
          expect(await locksIn(made.path)).toEqual([]);
          expect(await listed(refs, made)).toHaveLength(2);
        }
      });

      test("takes the place of empty folders", async () => {
        await using made = await fresh();
        await change(refs, made, [{ name: "refs/heads/a/b/c", newOid: first }]);
        const prepared = await refs.prepare(viewOf(made), [{ name: "refs/heads/x/y", newOid: first }], { deref: true });
        await prepared.commit();
        await change(refs, made, [
          { name: "refs/heads/a/b/c", newOid: ZERO },
          { name: "refs/heads/x/y", newOid: ZERO },
        ]);
        await change(refs, made, [
          { name: "refs/heads/a", newOid: first },
          { name: "refs/heads/x", newOid: first },
        ]);
        expect(await listed(refs, made)).toHaveLength(2);
      });

      test("refuses what git refuses to store", async () => {
        const reason = async (changes: readonly RefChange[]) =>
          (await errorOf(change(refs, repository, changes))).reason;
        const name = "refs/heads/new";
        const tree = await repository.text(["rev-parse", `${first}^{tree}`]);
        expect(await reason([{ name, newOid: ABSENT }])).toBe("object_not_found");
        expect(await reason([{ name, newOid: tree }])).toBe("not_a_commit");
        expect(await reason([{ name: "refs/heads/a..b", newOid: first }])).toBe("invalid_reference_name");
        expect(await reason([{ name: "refs/heads/a\0b", newOid: first }])).toBe("invalid_reference_name");
        expect(await reason([{ name: `refs/heads/${"x".repeat(300)}`, newOid: first }])).toBe("invalid_reference_name");
        const deep = `refs/heads/${"x/".repeat(2100)}x`;
        expect(await reason([{ name: deep, newOid: first }])).toBe("invalid_reference_name");
        expect(
          await reason([
            { name, newOid: first },
            { name, newOid: second },
          ]),
        ).toBe("reference_repeated");
        // A tag may point at anything.
        await change(refs, repository, [{ name: "refs/tags/tree", newOid: tree }]);
        await change(refs, repository, [{ name: "refs/tags/tree", newOid: ZERO }]);
      });

      test("reports who is locked, and waits for a lock that goes away", async () => {
        await using made = await fresh();
        const lock = join(made.path, "refs/heads/busy.lock");
        await made.git(["update-ref", "refs/heads/busy", first]);
        await writeFile(lock, "");
        const changes = [{ name: "refs/heads/busy", newOid: second }];
        const error = await errorOf(change(refs, made, changes));
        expect(hasReason(error, "references_locked") && error.details.references).toEqual(["refs/heads/busy"]);
        expect(await exists(lock)).toBe(true);
        const waiting = change(refs, made, changes);
        await rm(lock);
        expect(await waiting).toEqual([first]);
      });

      test("stops waiting for a lock when it is told to", async () => {
        await using made = await fresh();
        await writeFile(join(made.path, "refs/heads/busy.lock"), "");
        const stop = new AbortController();
        const view = { ...viewOf(made), signal: stop.signal };
        const waiting = refs.prepare(view, [{ name: "refs/heads/busy", newOid: first }], { deref: true });
        stop.abort();
        expect((await errorOf(waiting)).reason).toBe("canceled");
      });

      test("waits for packed-refs before it deletes", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/x", first]);
        await made.git(["pack-refs", "--all"]);
        await writeFile(join(made.path, "packed-refs.lock"), "");
        const waiting = change(refs, made, [{ name: "refs/heads/x", newOid: ZERO }]);
        await rm(join(made.path, "packed-refs.lock"));
        expect(await waiting).toEqual([first]);
        expect(await listed(refs, made)).toEqual([]);
      });

      test("does not wait for packed-refs for long, and tells what it wanted to delete", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/x", first]);
        await writeFile(join(made.path, "packed-refs.lock"), "");
        const startedMs = performance.now();
        const error = await errorOf(change(refs, made, [{ name: "refs/heads/x", newOid: ZERO }]));
        expect(hasReason(error, "references_locked") && error.details.references).toEqual(["refs/heads/x"]);
        expect(performance.now() - startedMs).toBeLessThan(5000);
        expect(await locksIn(made.path)).toEqual(["packed-refs.lock"]);
      });

      test("gives back hundreds of locks before it says that it was told to stop", async () => {
        await using made = await fresh();
        const changes = Array.from({ length: 500 }, (_, i) => ({
          name: `refs/many/${i % 7}/${i}`,
          newOid: first,
          expectedOid: ZERO,
        }));
        // The last one is held by somebody else, so that all others are held when we stop.
        const last = "refs/many/z";
        await mkdir(join(made.path, "refs/many"), { recursive: true });
        await writeFile(join(made.path, `${last}.lock`), "");
        const stop = new AbortController();
        const all = [...changes, { name: last, newOid: first, expectedOid: ZERO }];
        const stopped = errorOf(refs.prepare({ ...viewOf(made), signal: stop.signal }, all, { deref: true }));
        while ((await locksIn(made.path)).length < 2) await new Promise((resolve) => setImmediate(resolve));
        stop.abort();
        expect((await stopped).reason).toBe("canceled");
        expect(await locksIn(made.path)).toEqual([`${last}.lock`]);
        expect(await change(refs, made, changes.slice(0, 10))).toEqual(Array(10).fill(ZERO));
      });

      test("follows symbolic references, or replaces them", async () => {
        await using made = await fresh();
        expect(await change(refs, made, [{ name: "HEAD", newOid: first, expectedOid: ZERO }])).toEqual([ZERO]);
        expect(await refs.head(viewOf(made))).toEqual({ target: "refs/heads/main", oid: first });
        await made.git(["symbolic-ref", "refs/heads/link", "refs/heads/main"]);
        expect(await change(refs, made, [{ name: "refs/heads/link", newOid: second }])).toEqual([first]);
        expect(await made.text(["rev-parse", "refs/heads/main"])).toBe(second);
        expect(
          await change(refs, made, [{ name: "refs/heads/link", newOid: first, expectedOid: second }], false),
        ).toEqual([second]);
        expect(await refs.read(viewOf(made), "refs/heads/link")).toEqual({ name: "refs/heads/link", oid: first });
        expect(await change(refs, made, [{ name: "HEAD", newOid: first }], false)).toEqual([second]);
        expect(await refs.head(viewOf(made))).toEqual({ oid: first });
        expect(await locksIn(made.path)).toEqual([]);
      });

      test("deletes a symbolic reference itself without deref, its target with", async () => {
        await using made = await fresh();
        await made.git(["update-ref", "refs/heads/main", first]);
        await made.git(["symbolic-ref", "refs/heads/link", "refs/heads/main"]);
        await change(refs, made, [{ name: "refs/heads/link", newOid: ZERO }], false);
        expect(await made.text(["for-each-ref", "--format=%(refname)"])).toBe("refs/heads/main");
        await made.git(["symbolic-ref", "refs/heads/link", "refs/heads/main"]);
        await change(refs, made, [{ name: "refs/heads/link", newOid: ZERO }]);
        expect(await made.text(["for-each-ref", "--format=%(refname)"])).toBe("");
        expect(await made.text(["symbolic-ref", "refs/heads/link"])).toBe("refs/heads/main");
      });

      test("never deletes HEAD itself", async () => {
        await using made = await fresh();
        const error = await errorOf(change(refs, made, [{ name: "HEAD", newOid: ZERO }], false));
        expect(error.reason).toBe("invalid_reference_name");
        expect(await refs.head(viewOf(made))).toEqual({ target: "refs/heads/main" });
      });

      test("keeps tags peeled in packed-refs when it removes others", async () => {
        await using made = await fresh();
        await made.git(["tag", "-a", "-m", "x", "once", first]);
        for (const name of ["a", "b", "c", "d"]) await made.git(["update-ref", `refs/heads/${name}`, first]);
        await made.git(["pack-refs", "--all"]);
        const before = await readFile(join(made.path, "packed-refs"), "latin1");
        await change(refs, made, [
          { name: "refs/heads/a", newOid: ZERO },
          { name: "refs/heads/c", newOid: ZERO },
        ]);
        expect(await readFile(join(made.path, "packed-refs"), "latin1")).toBe(
          before
            .split("\n")
            .filter((line) => !/refs\/heads\/[ac]$/.test(line))
            .join("\n"),
        );
        await made.git(["fsck", "--strict"]);
      });

      test("moves a hundred references at once", async () => {
        await using made = await fresh();
        const names = Array.from({ length: 100 }, (_, i) => `refs/heads/${i % 10}/b${i}`);
        await change(
          refs,
          made,
          names.map((name) => ({ name, newOid: first, expectedOid: ZERO })),
        );
        await made.git(["pack-refs", "--all"]);
        await change(
          refs,
          made,
          names.map((name) => ({ name, newOid: second, expectedOid: first })),
        );
        expect(await made.text(["for-each-ref", "--format=%(objectname)"])).toBe(names.map(() => second).join("\n"));
        await change(
          refs,
          made,
          names.map((name) => ({ name, newOid: ZERO, expectedOid: second })),
        );
        expect(await made.text(["for-each-ref"])).toBe("");
        expect(await locksIn(made.path)).toEqual([]);
      });
    });

    describe("setHead", () => {
      test("points HEAD at a branch", async () => {
        await using made = await fresh();
        await refs.setHead(viewOf(made), "refs/heads/other");
        expect(await made.text(["symbolic-ref", "HEAD"])).toBe("refs/heads/other");
        expect(await refs.head(viewOf(made))).toEqual({ target: "refs/heads/other" });
        const error = await errorOf(refs.setHead(viewOf(made), "refs/heads/a..b"));
        expect(error.reason).toBe("invalid_reference_name");
        await writeFile(join(made.path, "HEAD.lock"), "");
        expect((await errorOf(refs.setHead(viewOf(made), "refs/heads/x"))).reason).toBe("references_locked");
      });
    });
  });
}
