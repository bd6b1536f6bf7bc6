import { describe, expect, test } from "bun:test";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { failureOf } from "../support/failure-of.ts";
import { runGit } from "../support/temporary-repository.ts";
import { CALLER, TemporaryStore } from "../support/temporary-store.ts";

const NEVER = new AbortController().signal;

/** The reason with which the repository cannot be opened; undefined when it can. */
async function refusal(store: TemporaryStore, relativePath: string, storage = "default"): Promise<unknown> {
  try {
    const opened = await store.opener.open({ storage, relativePath }, CALLER, NEVER);
    await opened.release();
    return undefined;
  } catch (error) {
    const { reason, details } = error as { reason: string; details: Record<string, unknown> };
    return details["problem"] === undefined ? reason : `${reason}: ${String(details["problem"])}`;
  }
}

describe("paths of repositories", () => {
  test("are refused one mistake after the other", async () => {
    await using store = await TemporaryStore.open();
    expect(await refusal(store, "", "")).toBe("invalid_input: repository not set");
    expect(await refusal(store, "")).toBe("invalid_input: repository path not set");
    expect(await refusal(store, "a.git", "")).toBe("invalid_input: storage name not set");
    expect(await refusal(store, "a.git", "other")).toBe("storage_unknown");
    for (const path of ["../a.git", "a/../../b.git", "..", ".", "/", "a/.."]) {
      expect(await refusal(store, path)).toBe("repository_path_escapes");
    }
    for (const path of ["+holdfast/tmp/x", "+gitaly/x", "a\0.git", "x".repeat(300), "x/".repeat(2000)]) {
      expect(await refusal(store, path)).toStartWith("invalid_input: ");
    }
    expect(await refusal(store, "missing.git")).toBe("repository_not_found");
    mkdirSync(join(store.root, "empty.git"));
    expect(await refusal(store, "empty.git")).toBe('repository_invalid: "objects" does not exist');
    mkdirSync(join(store.root, "empty.git/objects"));
    mkdirSync(join(store.root, "empty.git/refs"));
    expect(await refusal(store, "empty.git")).toBe('repository_invalid: "HEAD" does not exist');
    writeFileSync(join(store.root, "file.git"), "");
    expect(await refusal(store, "file.git")).toBe("repository_not_found");
    expect(await refusal(store, "file.git/a")).toBe("repository_not_found");
    symlinkSync("loop.git", join(store.root, "loop.git"));
    expect(await refusal(store, "loop.git")).toBe("repository_not_found");
    expect(await refusal(store, "loop.git/a")).toBe("repository_not_found");
    rmSync(store.root, { recursive: true });
    expect(await refusal(store, "a.git")).toBe("storage_missing");
  });

  test("may be spelled in several ways and through links, and name one repository then", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("group/a.git");
    symlinkSync("group", join(store.root, "alias"));
    for (const path of ["group/a.git", "/group/a.git", "group//a.git/", "./x/../group/a.git", "alias/a.git"]) {
      const found = store.locator.find(store.ref(path));
      expect({ gitDir: found.gitDir, key: found.key }).toEqual({ gitDir, key: "default\0group/a.git" });
    }
  });

  test("follow a link to where it leads now", async () => {
    await using store = await TemporaryStore.open();
    for (const group of ["one", "two"]) await store.create(`${group}/a.git`);
    store.aheadMs = 1000;
    for (const group of ["one", "two", "one"]) {
      rmSync(join(store.root, "current"), { force: true });
      symlinkSync(group, join(store.root, "current"));
      for (let turn = 0; turn < 2; turn++)
        expect(store.locator.find(store.ref("current/a.git")).relativePath).toBe(`${group}/a.git`);
    }
  });

  test("do not lead out of the storage through a link", async () => {
    await using store = await TemporaryStore.open();
    await using other = await TemporaryStore.open();
    await other.create("secret.git");
    symlinkSync(other.root, join(store.root, "out"));
    symlinkSync(join(other.root, "secret.git"), join(store.root, "link.git"));
    for (const path of ["out/secret.git", "link.git", "out/new.git"]) {
      expect(await refusal(store, path)).toBe("repository_path_escapes");
      const created = store.repositories.create(store.ref(path), { objectFormat: "sha1" });
      expect(await failureOf(created)).toMatchObject({ reason: "repository_path_escapes" });
      expect(await failureOf(store.repositories.remove(store.ref(path), NEVER))).toMatchObject({
        reason: "repository_path_escapes",
      });
    }
    expect(await other.repositories.exists(other.ref("secret.git"))).toBe(true);
  });
});

describe("createRepository", () => {
  test("makes what plain git reads", async () => {
    await using store = await TemporaryStore.open();
    for (const objectFormat of ["sha1", "sha256"] as const) {
      const gitDir = await store.create(`deep/er/${objectFormat}`, objectFormat);
      expect((await runGit(gitDir, ["rev-parse", "--is-bare-repository", "--show-object-format"])).toString()).toBe(
        `true\n${objectFormat}\n`,
      );
      expect((await runGit(gitDir, ["symbolic-ref", "HEAD"])).toString()).toBe("refs/heads/main\n");
      await runGit(gitDir, ["fsck", "--strict"]);
      expect(store.locator.find(store.ref(`deep/er/${objectFormat}`)).objectFormat).toBe(objectFormat);
    }
    expect(readdirSync(join(store.root, "+holdfast/tmp"))).toEqual([]);
  });

  test("takes the default branch as bytes, and refuses bad ones", async () => {
    await using store = await TemporaryStore.open();
    await store.repositories.create(store.ref("a.git"), { objectFormat: "sha1", defaultBranch: "tr\xffnk/a" });
    expect(readFileSync(join(store.root, "a.git/HEAD"), "latin1")).toBe("ref: refs/heads/tr\xffnk/a\n");
    const bad = store.repositories.create(store.ref("b.git"), { objectFormat: "sha1", defaultBranch: "a..b" });
    expect(await failureOf(bad)).toMatchObject({ reason: "invalid_reference_name" });
    expect(existsSync(join(store.root, "b.git"))).toBe(false);
  });

  test("touches nothing that is there, and of several at once one succeeds", async () => {
    await using store = await TemporaryStore.open();
    writeFileSync(join(store.root, "file"), "in the way");
    mkdirSync(join(store.root, "directory"));
    symlinkSync("nowhere", join(store.root, "link"));
    for (const name of ["file", "directory", "link"]) {
      const failure = await failureOf(store.repositories.create(store.ref(name), { objectFormat: "sha1" }));
      expect(failure).toMatchObject({ reason: "repository_exists" });
    }
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => store.create("race.git")));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await failureOf(store.create("race.git/objects/inner.git"))).toMatchObject({ reason: "invalid_input" });
    expect(await failureOf(store.create("file/inner.git"))).toMatchObject({ reason: "invalid_input" });
  });
});

describe("removeRepository", () => {
  test("takes the files away, also of what is no repository", async () => {
    await using store = await TemporaryStore.open();
    await store.create("a.git");
    mkdirSync(join(store.root, "broken/refs"), { recursive: true });
    for (const name of ["a.git", "broken"]) {
      await store.repositories.remove(store.ref(name), NEVER);
      expect(existsSync(join(store.root, name))).toBe(false);
      expect(await failureOf(store.repositories.remove(store.ref(name), NEVER))).toMatchObject({
        reason: "repository_not_found",
      });
    }
    expect(readdirSync(join(store.root, "+holdfast/removed"))).toEqual([]);
    await store.create("a.git");
    expect(await store.repositories.exists(store.ref("a.git"))).toBe(true);
  });

  test("waits for those who work on it", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const opened = await store.opener.open(store.ref("a.git"), CALLER, NEVER);
    const removed = store.repositories.remove(store.ref("a.git"), NEVER);
    expect(await refusal(store, "a.git")).toBeUndefined();
    expect(existsSync(gitDir)).toBe(true);
    await opened.release();
    await removed;
    expect(await refusal(store, "a.git")).toBe("repository_not_found");
  });

  test("gives up when somebody works on it for too long, and when called off", async () => {
    await using store = await TemporaryStore.open({ lockTimeoutMs: 20 });
    await store.create("a.git");
    const opened = await store.opener.open(store.ref("a.git"), CALLER, NEVER);
    expect(await failureOf(store.repositories.remove(store.ref("a.git"), NEVER))).toMatchObject({
      reason: "repository_locked",
    });
    expect(await failureOf(store.repositories.remove(store.ref("a.git"), AbortSignal.abort()))).toMatchObject({
      reason: "canceled",
    });
    await opened.release();
    expect(await store.repositories.exists(store.ref("a.git"))).toBe(true);
  });
});

describe("renameRepository", () => {
  test("moves a repository, not onto another and not into itself", async () => {
    await using store = await TemporaryStore.open();
    await store.create("a.git");
    const oid = await store.commit("a.git", "main", "one");
    await store.create("b.git");
    const rename = (from: string, to: string) => store.repositories.rename(store.ref(from), store.ref(to), NEVER);
    expect(await failureOf(rename("a.git", "b.git"))).toMatchObject({ reason: "repository_exists" });
    expect(await failureOf(rename("a.git", "a.git/inner.git"))).toMatchObject({ reason: "repository_exists" });
    expect(await failureOf(rename("c.git", "d.git"))).toMatchObject({ reason: "repository_not_found" });
    await rename("a.git", "new/place.git");
    expect(await refusal(store, "a.git")).toBe("repository_not_found");
    expect(await store.with("new/place.git", ({ git, view }) => git.refs.read(view, "refs/heads/main"))).toMatchObject({
      oid,
    });
  });
});

describe("listRepositories", () => {
  test("finds all, sorted by path, and looks into none", async () => {
    await using store = await TemporaryStore.open();
    const paths = ["a", "a-b/x", "a.git", "b/c/d.git", "b/c-e", "z"];
    for (const path of paths) await store.create(path);
    mkdirSync(join(store.root, "z/inner/objects"), { recursive: true });
    mkdirSync(join(store.root, "nothing/here"), { recursive: true });
    const found: string[] = [];
    for await (const batch of store.repositories.list("default")) found.push(...batch);
    expect(found).toEqual(paths.toSorted());
  });
});

describe("what plain git does beside us", () => {
  test("a repository that is copied in, replaced or spoilt is seen at once", async () => {
    await using store = await TemporaryStore.open();
    await runGit(store.root, ["init", "--quiet", "--bare", "--object-format=sha256", "copied.git"]);
    if (process.getuid?.() === 0) chownSync(join(store.root, "copied.git"), 12345, 12345);
    const format = (path: string) => store.with(path, async (repository) => repository.objectFormat);
    expect(await format("copied.git")).toBe("sha256");
    // What was just made is not remembered: a second change within the clock's tick would not show.
    store.aheadMs = 1000;
    expect(await format("copied.git")).toBe("sha256");
    rmSync(join(store.root, "copied.git"), { recursive: true });
    await runGit(store.root, ["init", "--quiet", "--bare", "copied.git"]);
    expect(await format("copied.git")).toBe("sha1");
    renameSync(join(store.root, "copied.git/HEAD"), join(store.root, "copied.git/DAEH"));
    expect(await refusal(store, "copied.git")).toBe('repository_invalid: "HEAD" does not exist');
    writeFileSync(join(store.root, "copied.git/HEAD"), "ref: refs/heads/main\n");
    writeFileSync(
      join(store.root, "copied.git/config"),
      "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n",
    );
    expect(await refusal(store, "copied.git")).toBe(
      'repository_invalid: reference storage "reftable" is not supported',
    );
  });

  test("storages tell how they are", async () => {
    await using store = await TemporaryStore.open();
    const [first] = await store.repositories.storages();
    const [second] = await store.repositories.storages();
    expect(first).toEqual(second!);
    expect(first).toMatchObject({ name: "default", readable: true, writeable: true });
    expect(first?.fsType).not.toBe("");
    expect(first?.filesystemId).toMatch(/^[0-9a-f-]{36}$/);
    rmSync(store.root, { recursive: true });
    expect(await store.repositories.storages()).toMatchObject([{ name: "default", readable: false, writeable: false }]);
  });
});
