// The embedded backend's own reading and writing of indexes, with git as the referee.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadAddon } from "../../src/backend/libgit2/addon.ts";
import { IndexFile } from "../../src/backend/libgit2/index-file.ts";
import { createLibgit2Backend } from "../../src/backend/libgit2/libgit2-backend.ts";
import { hasReason } from "../../src/domain/errors.ts";
import { Dice } from "../support/dice.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

/** Another seed gives other changes. */
const SEED = 4;

const git2 = createLibgit2Backend(loadAddon());
let place: string;
let repository: TemporaryRepository;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "holdfast-index-"));
  repository = TemporaryRepository.at(place);
  await repository.git(["init", "-q", "."]);
});

afterAll(async () => {
  await git2.close();
  rmSync(place, { recursive: true });
});

const view = () => ({ gitDir: join(place, ".git"), workTree: place, objectFormat: "sha1" }) as const;

function put(path: string, text: string): void {
  mkdirSync(join(place, dirname(path)), { recursive: true });
  writeFileSync(join(place, path), text);
}

const isUnsupported = (call: Promise<unknown>) =>
  call.then(
    () => false,
    (error: unknown) => hasReason(error, "unsupported"),
  );

async function entries(): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of git2.worktree.listIndex(view(), ""))
    for (const { mode, oid, path } of batch) all.push(`${mode.toString(8)} ${oid} 0\t${path}`);
  return all;
}

describe("indexes without git", () => {
  test("worktrees that begin alike do not see what is staged in each other", async () => {
    const names = ["one", "two"];
    const places = names.map((name) => join(place, "alike", name));
    const views = places.map(
      (workTree) => ({ gitDir: join(workTree, ".git"), workTree, objectFormat: "sha1" }) as const,
    );
    const repositories = places.map((each) => {
      mkdirSync(each, { recursive: true });
      return TemporaryRepository.at(each);
    });
    const [tree] = await Promise.all(
      repositories.map(async (each, at) => {
        await each.git(["init", "-q", "."]);
        // Nothing of a file's stat is in these: they are the same bytes, as those of two lazy sessions.
        const blob = await each.text(["hash-object", "-w", "--stdin"]);
        for (const path of ["folder/a", "folder/b"])
          await each.git(["update-index", "--add", "--cacheinfo", `100644,${blob},${path}`]);
        utimesSync(join(views[at]!.gitDir, "index"), 1_700_000_000, 1_700_000_000);
        return await each.text(["write-tree"]);
      }),
    );
    for (const each of views) expect((await Array.fromAsync(git2.worktree.listIndex(each, ""))).flat()).toHaveLength(2);
    mkdirSync(join(places[0]!, "folder"));
    writeFileSync(join(places[0]!, "folder/a"), "changed\n");
    await git2.worktree.stage(views[0]!, ["folder/a"]);
    expect(await git2.worktree.writeTree(views[1]!)).toBe(tree!);
    expect(await git2.worktree.writeTree(views[0]!)).toBe(await repositories[0]!.text(["write-tree"]));
    expect(await git2.worktree.writeTree(views[0]!)).not.toBe(tree!);
    for (const each of repositories) await each.git(["fsck", "--strict"]);
  });

  test("stage and writeTree give what git gives, over random changes", async () => {
    const dice = new Dice(SEED);
    const names = ["a", "a.b", "a-b", "b", "deep", "z"];
    const pick = () => names[dice.below(names.length)]!;
    put("first", "1");
    await repository.git(["add", "first"]);
    await repository.git(["commit", "-q", "-m", "first"]);
    for (let turn = 0; turn < 60; turn++) {
      const path = [...Array.from({ length: dice.below(3) }, () => `d${pick()}`), `f${pick()}`].join("/");
      const isThere = (await repository.text(["ls-files", "--", path])) !== "";
      if (isThere && dice.next() < 0.3) rmSync(join(place, path));
      else put(path, `${turn}`);
      await git2.worktree.stage(view(), [path]);
      expect(await repository.text(["status", "--porcelain", "--", path])).not.toMatch(/^.\S/m);
      expect((await entries()).join("\n")).toBe(await repository.text(["ls-files", "--stage"]));
      if (turn % 3 === 0) {
        const tree = await git2.worktree.writeTree(view());
        if (turn % 2 === 0) expect(tree).toBe(await repository.text(["write-tree"]));
        expect(await repository.text(["diff-index", "--cached", tree])).toBe("");
      }
    }
    await repository.git(["fsck", "--strict"]);
  });

  test("keeps modes and links, and leaves to git what attributes change", async () => {
    put("link-target", "x");
    symlinkSync("link-target", join(place, "link"));
    put("run", "#!/bin/sh\n");
    Bun.spawnSync(["chmod", "755", join(place, "run")]);
    await git2.worktree.stage(view(), ["link", "run"]);
    expect(await repository.text(["ls-files", "--format=%(objectmode) %(path)", "link", "run"])).toBe(
      "120000 link\n100755 run",
    );
    expect(await repository.text(["status", "--porcelain", "link", "run"])).toBe("A  link\nA  run");
    put(".gitattributes", "* text=auto\n");
    expect(await isUnsupported(git2.worktree.stage(view(), ["run"]))).toBe(true);
    rmSync(join(place, ".gitattributes"));
    expect(await isUnsupported(git2.worktree.stage(view(), ["none"]))).toBe(true);
    expect(await isUnsupported(git2.worktree.stage(view()))).toBe(true);
    writeFileSync(join(place, ".git/index.lock"), "");
    expect(await isUnsupported(git2.worktree.stage(view(), ["run"]))).toBe(true);
    rmSync(join(place, ".git/index.lock"));
  });

  test("sees what plain git stages in between, and takes nothing of it back", async () => {
    for (let turn = 0; turn < 10; turn++) {
      put(`ours-${turn}`, `${turn}`);
      put(`theirs-${turn}`, `${turn}`);
      await git2.worktree.stage(view(), [`ours-${turn}`]);
      await repository.git(["add", `theirs-${turn}`]);
      const [ours, theirs] = await Promise.all(
        ["ours", "theirs"].map((name) => git2.worktree.readFromIndex(view(), `${name}-${turn}`)),
      );
      expect([ours?.path, theirs?.path]).toEqual([`ours-${turn}`, `theirs-${turn}`]);
    }
    // Read, and then written by another: what was read is not put in its place.
    put("late", "1");
    const index = IndexFile.read(view().gitDir, "sha1");
    await repository.git(["add", "late"]);
    expect(await isUnsupported(index.write(view().gitDir, []))).toBe(true);
    expect(await repository.text(["ls-files", "late"])).toBe("late");
    expect(existsSync(join(place, ".git/index.lock"))).toBe(false);
  });

  test("sees a change of the same length in the same moment", async () => {
    for (let turn = 0; turn < 20; turn++) {
      put("racy", `a${turn}`);
      await git2.worktree.stage(view(), ["racy"]);
      put("racy", `b${turn}`);
      put("other", `${turn}`);
      await git2.worktree.stage(view(), ["other"]);
      expect(await repository.text(["diff", "--name-only"])).toContain("racy");
    }
  });
});
