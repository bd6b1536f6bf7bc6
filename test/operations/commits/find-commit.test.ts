import { describe, expect, test } from "bun:test";
import { findCommit } from "../../../src/operations/index.ts";
import { onEveryBackend, ReadStory } from "../../support/read-story.ts";

describe("findCommit", () => {
  onEveryBackend("finds what revisions name, and nothing for what is no commit", async (story) => {
    const first = await story.git.commit({ files: { "a.txt": "a\n" } });
    const second = await story.git.commit({ message: "second\n", author: "Jos\xe9 <jose@example.com>" });
    await story.git.git(["tag", "-a", "-m", "m", "v1"]);
    const tag = await story.git.text(["rev-parse", "v1"]);
    const oidOf = async (revision: string) => (await story.run(findCommit, { revision })).commit?.oid;
    for (const revision of [
      "main",
      "HEAD",
      "refs/heads/main",
      second,
      second.slice(0, 9),
      "v1",
      tag,
      "v1^{commit}",
      second.toUpperCase(),
    ]) {
      expect(await oidOf(revision)).toBe(second);
    }
    expect(await oidOf("main~1")).toBe(first);
    const blob = await story.git.text(["rev-parse", `${first}:a.txt`]);
    for (const revision of ["none", "1".repeat(40), "main^{tree}", blob, "main~5", "--all", ""])
      expect(await oidOf(revision)).toBeUndefined();
    const { commit } = await story.run(findCommit, { revision: "main" });
    expect(commit).toMatchObject({ parentOids: [first], encoding: "", signatureType: "none" });
    expect(Buffer.from(commit!.author.name).toString("latin1")).toBe("Jos\xe9");
    expect(commit!.committer).toMatchObject({ seconds: 1_700_000_000n, timezone: "+0000" });
  });

  onEveryBackend("sees at once what plain git has changed, the mailmap too", async (story) => {
    await story.git.commit();
    const nameOf = async () =>
      Buffer.from((await story.run(findCommit, { revision: "main~0" })).commit!.committer.name).toString();
    expect(await nameOf()).toBe("Jane Doe");
    await story.git.commit({ files: { ".mailmap": "First <jane@example.com>\n" } });
    expect(await nameOf()).toBe("First");
    await story.git.commit({ files: { ".mailmap": "Second <jane@example.com>\n" } });
    expect(await nameOf()).toBe("Second");
    await story.git.commit();
    expect(await nameOf()).toBe("Jane Doe");
  });

  onEveryBackend("tells trailers where they are asked for", async (story) => {
    await story.git.commit({ message: "subject\n\nSigned-off-by: A\n" });
    expect(await story.run(findCommit, { revision: "main" })).not.toHaveProperty("trailers");
    const { trailers } = await story.run(findCommit, { revision: "main", trailers: true });
    expect(trailers?.map(({ key, value }) => `${Buffer.from(key)}=${Buffer.from(value)}`)).toEqual(["Signed-off-by=A"]);
  });

  test("reads SHA-256 repositories", async () => {
    const story = await ReadStory.open("libgit2", "sha256");
    const oid = await story.git.commit();
    expect(oid).toHaveLength(64);
    for (const revision of ["main", oid]) expect((await story.run(findCommit, { revision })).commit?.oid).toBe(oid);
    await story.close();
  });
});
