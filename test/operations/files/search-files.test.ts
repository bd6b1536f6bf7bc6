import { describe, expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archiveRepository, findFiles, searchFiles, showLog } from "../../../src/operations/index.ts";
import { failure, onEveryBackend, type ReadStory } from "../../support/read-story.ts";

const FILES = {
  "README.md": "The first line\nthe second (line)\n",
  "src/a.ts": "const the = 1;\n",
  "src/deep/b.ts": "nothing\n",
  "*odd*": "the odd one\n",
  binary: "the\0binary",
};

describe("searchFiles", () => {
  onEveryBackend("finds what git grep finds", async (story) => {
    await story.git.commit({ files: FILES });
    const found = async (input: object) =>
      (await story.run(searchFiles, { rev: "main", ...input } as never)).items.map(
        ({ path, line, text }) => `${path}:${line}:${Buffer.from(text).toString()}`,
      );
    const printed = (...args: string[]) => story.git.text(["grep", "-n", "-I", ...args, "main"]);
    const lines = async (...args: string[]) =>
      (await printed(...args)).split("\n").map((line) => line.slice("main:".length));
    expect(await found({ pattern: "the" })).toEqual(await lines("-F", "-e", "the"));
    expect(await found({ pattern: "THE", ignoreCase: true })).toEqual(await lines("-F", "-i", "-e", "the"));
    expect(await found({ pattern: "^The .*e$", regex: true })).toEqual(await lines("-E", "-e", "^The .*e$"));
    expect(await found({ pattern: "(line)" })).toEqual(["README.md:2:the second (line)"]);
    expect(await found({ pattern: "the", path: "*odd*" })).toEqual(["*odd*:1:the odd one"]);
    expect(await found({ pattern: "-e" })).toEqual([]);
  });

  onEveryBackend("tells when there is more, and what is wrong", async (story) => {
    await story.git.commit({ files: FILES });
    const cut = await story.run(searchFiles, { pattern: "the", limit: 1 });
    expect([cut.items.length, cut.isCut]).toEqual([1, true]);
    for (const pattern of ["(", "a\nb"])
      await failure(story.run(searchFiles, { pattern, regex: true }), "invalid_input");
    const unmatched = await failure(story.run(searchFiles, { pattern: "(", regex: true }), "invalid_input");
    expect(unmatched.details["problem"]).not.toEndWith("\n");
    await failure(story.run(searchFiles, { pattern: "x", rev: "none" }), "revision_not_found");
    await failure(story.run(searchFiles, { pattern: "x", path: "../x" }), "invalid_path");
  });
});

describe("findFiles", () => {
  onEveryBackend("finds files by a part of their name, or a glob", async (story) => {
    await story.git.commit({ files: FILES });
    const found = async (name: string, more = {}) =>
      (await story.run(findFiles, { name, ...more })).items.map(({ path }) => path);
    expect(await found("readme")).toEqual(["README.md"]);
    expect(await found("src/**/*.ts")).toEqual(["src/a.ts", "src/deep/b.ts"]);
    expect(await found("*.ts")).toEqual([]);
    expect(await found(".ts", { limit: 1 })).toEqual(["src/a.ts"]);
    expect((await story.run(findFiles, { name: ".ts", limit: 1 })).isCut).toBe(true);
  });
});

describe("archiveRepository", () => {
  onEveryBackend("holds what git archive puts in", async (story) => {
    await story.git.commit({ files: FILES });
    for (const [format, command] of [
      ["tar", ["tar", "-tf"]],
      ["tar.gz", ["tar", "-tzf"]],
    ] as const) {
      for (const prefix of ["demo", "demo/"])
        expect(await listed(story, { format, prefix }, command)).toContain("demo/src/deep/b.ts");
    }
    const zip = await bytesOf(story, { format: "zip", prefix: "demo" });
    expect([zip.toString("latin1", 0, 4), zip.includes("demo/src/deep/b.ts")]).toEqual(["PK\x03\x04", true]);
    expect(await listed(story, { format: "tar", path: "src/deep" }, ["tar", "-tf"])).toEqual([
      "src/",
      "src/deep/",
      "src/deep/b.ts",
    ]);
    const tar = await bytesOf(story, { rev: "main", format: "tar" });
    expect(tar.equals(await story.git.git(["archive", "--format=tar", "main"]))).toBe(true);
    await failure(bytesOf(story, { rev: "none" }), "revision_not_found");
    for (const path of ["none", "two\nlines"]) await failure(bytesOf(story, { path }), "path_not_found");
    await failure(bytesOf(story, { prefix: "../x" }), "invalid_path");
  });
});

describe("showLog over renames", () => {
  onEveryBackend("follows a file, and leaves out what is too old", async (story) => {
    const text = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join("");
    const first = await story.git.commit({ files: { old: text }, seconds: 1_700_000_000 });
    const second = await story.git.commit({ files: { new: `${text}more\n` }, seconds: 1_700_000_100 });
    const oids = async (input: object) => (await story.run(showLog, input)).items.map(({ oid }) => oid);
    expect(await oids({ path: "new", follow: true })).toEqual([second, first]);
    expect(await oids({ path: "new" })).toEqual([second]);
    expect(await oids({ since: "2023-11-14T22:14:00Z" })).toEqual([second]);
    expect(await oids({ until: "2023-11-14T22:14:00Z" })).toEqual([first]);
    await failure(story.run(showLog, { since: "yesterday" }), "invalid_input");
    await failure(story.run(showLog, { follow: true }), "invalid_input");
  });
});

async function bytesOf(story: ReadStory, input: object): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(story.run(archiveRepository, input)));
}

/** The names in an archive, as the program that unpacks it lists them. */
async function listed(story: ReadStory, input: object, command: readonly string[]): Promise<string[]> {
  const place = mkdtempSync(join(tmpdir(), "holdfast-archive-"));
  try {
    const file = join(place, "archive");
    writeFileSync(file, await bytesOf(story, input));
    const { stdout } = Bun.spawnSync([...command, file]);
    return stdout.toString().trim().split("\n");
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
