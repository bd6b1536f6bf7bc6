import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandFailure } from "../../src/commands/failure.ts";
import { findSource } from "../../src/cli/repo/source.ts";

const place = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-source-")));
afterAll(() => rmSync(place, { recursive: true }));

const git = (...args: string[]) => execFileSync("git", args, { cwd: place, stdio: "pipe" });

describe("findSource", () => {
  test("finds a bare repository, with or without .git", () => {
    git("init", "-q", "--bare", "bare.git");
    const found = { gitDir: join(place, "bare.git"), objectFormat: "sha1" };
    expect(findSource(join(place, "bare.git"))).toMatchObject(found);
    expect(findSource(join(place, "bare"))).toMatchObject(found);
  });

  test("finds the git directory of a clone, and its object format", () => {
    git("init", "-q", "--object-format=sha256", "clone");
    expect(findSource(join(place, "clone"))).toMatchObject({
      gitDir: join(place, "clone", ".git"),
      objectFormat: "sha256",
    });
  });

  test("follows a .git file", () => {
    git("init", "-q", "--separate-git-dir", join(place, "elsewhere"), "separate");
    expect(findSource(join(place, "separate")).gitDir).toBe(join(place, "elsewhere"));
  });

  test("refuses what is no repository", () => {
    mkdirSync(join(place, "empty"));
    for (const name of ["empty", "absent"]) expect(() => findSource(join(place, name))).toThrow(CommandFailure);
  });
});
