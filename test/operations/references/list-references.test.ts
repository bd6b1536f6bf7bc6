import { describe, expect } from "bun:test";
import { listReferences } from "../../../src/operations/index.ts";
import { failure, onEveryBackend, type ReadStory } from "../../support/read-story.ts";

/** Branches and tags whose dates are in another order than their names. */
async function fill({ git }: ReadStory): Promise<string> {
  const first = await git.commit({ seconds: 1_700_000_300 });
  await git.commit({ branch: "b", seconds: 1_700_000_100, parents: [first] });
  await git.commit({ branch: "a/x", seconds: 1_700_000_200, parents: [first], author: "A <a@example.com>" });
  await git.git(["update-ref", "refs/tags/v1.10", first]);
  await git.git(["update-ref", "refs/tags/v1.9", first]);
  await git.git(["tag", "-a", "-m", "outer", "annotated", first], { env: { GIT_COMMITTER_DATE: "1700000400 +0000" } });
  await git.git(["tag", "-a", "-m", "nested", "nested", "annotated"], {
    env: { GIT_COMMITTER_DATE: "1700000050 +0000" },
  });
  await git.git(["update-ref", "refs/tags/tree", `${first}^{tree}`]);
  return first;
}

describe("listReferences", () => {
  onEveryBackend("lists what git for-each-ref lists", async (story) => {
    await fill(story);
    const format = "--format=%(refname) %(objectname) %(*objectname)";
    const expected = (await story.git.text(["for-each-ref", format])).split("\n");
    const found = await story.list(listReferences, { peel: true });
    const peeled = await story.git.text(["rev-parse", "refs/tags/nested^{}"]);
    expect(found.map(({ name, oid, peeledOid = "" }) => `${name} ${oid} ${peeledOid}`)).toEqual(
      // Git's format peels one level; the operation goes to the end.
      expected.map((line) => (line.startsWith("refs/tags/nested") ? line.replace(/\S+$/, peeled) : line)),
    );
  });

  onEveryBackend("sorts as git does, both ways", async (story) => {
    await fill(story);
    const sorts = {
      name: "refname",
      version: "version:refname",
      authored: "authordate",
      committed: "committerdate",
      created: "creatordate",
    } as const;
    for (const [sort, key] of Object.entries(sorts)) {
      for (const direction of ["ascending", "descending"] as const) {
        const flag = `--sort=${direction === "descending" ? "-" : ""}${key}`;
        const expected = (await story.git.text(["for-each-ref", flag, "--format=%(refname)"])).split("\n");
        const found = await story.list(listReferences, { sort: sort as keyof typeof sorts, direction });
        expect({ sort, direction, names: found.map(({ name }) => name) }).toEqual({ sort, direction, names: expected });
      }
    }
  });

  onEveryBackend("keeps what points at an object, through tags at any depth", async (story) => {
    const first = await fill(story);
    const names = async (...pointingAt: string[]) =>
      (await story.list(listReferences, { pointingAt })).map(({ name }) => name);
    expect(await names(first)).toEqual([
      "refs/heads/main",
      "refs/tags/annotated",
      "refs/tags/nested",
      "refs/tags/v1.10",
      "refs/tags/v1.9",
    ]);
    const tag = await story.git.text(["rev-parse", "refs/tags/annotated"]);
    expect(await names(tag)).toEqual(["refs/tags/annotated", "refs/tags/nested"]);
    expect(await names("1".repeat(40))).toEqual([]);
  });

  onEveryBackend("puts HEAD in front of what it finds, and of nothing else", async (story) => {
    const first = await fill(story);
    const names = async (input: object) =>
      (await story.list(listReferences, { head: true, ...input })).map(({ name }) => name);
    expect(await story.list(listReferences, { head: true, patterns: ["refs/heads/b"] })).toMatchObject([
      { name: "HEAD", oid: first },
      { name: "refs/heads/b" },
    ]);
    expect(await names({ patterns: ["refs/none"] })).toEqual([]);
    await story.git.git(["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    expect(await names({ patterns: ["refs/heads/b"] })).toEqual(["refs/heads/b"]);
  });

  onEveryBackend("gives pages, and refuses one behind what it does not list", async (story) => {
    await fill(story);
    const names = async (input: object) =>
      (await story.list(listReferences, { patterns: ["refs/heads/"], ...input })).map(({ name }) => name);
    expect(await names({ limit: 2 })).toEqual(["refs/heads/a/x", "refs/heads/b"]);
    expect(await names({ limit: 2, after: "refs/heads/b" })).toEqual(["refs/heads/main"]);
    expect(await names({ after: "refs/heads/main" })).toEqual([]);
    expect(await names({ limit: 0 })).toEqual([]);
    await failure(names({ after: "refs/tags/v1.9" }), "page_token_not_found");
  });

  onEveryBackend("reads names that are no UTF-8", async (story) => {
    const commit = await story.git.commit();
    await story.git.git(["update-ref", "--stdin"], {
      input: Buffer.from(`create refs/heads/\xff\xe9 ${commit}\n`, "latin1"),
    });
    expect((await story.list(listReferences, { patterns: ["refs/heads/\xff*"] })).map(({ name }) => name)).toEqual([
      "refs/heads/\xff\xe9",
    ]);
  });
});
