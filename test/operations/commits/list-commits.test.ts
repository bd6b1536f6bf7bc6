import { describe, expect } from "bun:test";
import { listCommits } from "../../../src/operations/index.ts";
import { failure, onEveryBackend, type ReadStory } from "../../support/read-story.ts";

/** Two lines whose dates interleave, and a merge of both. */
async function fill({ git }: ReadStory): Promise<void> {
  const commit = (seconds: number, options: object) => git.commit({ seconds: 1_700_000_000 + seconds, ...options });
  const base = await commit(0, { message: "base\n", files: { a: "1" } });
  await commit(20, {
    branch: "side",
    parents: [base],
    message: "s1\n",
    files: { a: "1", s: "1" },
    author: "Rita <rita@example.com>",
  });
  await commit(10, { message: "m1\n", files: { a: "2" } });
  const side = await commit(40, { branch: "side", message: "s2 fix\n", files: { a: "1", s: "2" } });
  const main = await commit(30, { message: "m2 Fix\n", files: { a: "3" } });
  await commit(50, { message: "merge\n", parents: [main, side], files: { a: "3", s: "2" } });
}

describe("listCommits", () => {
  onEveryBackend("walks as git rev-list does", async (story) => {
    await fill(story);
    const cases: [object, string[]][] = [
      [{}, []],
      [{ order: "topo" }, ["--topo-order"]],
      [{ order: "date" }, ["--date-order"]],
      [{ reverse: true }, ["--reverse"]],
      [{ firstParent: true }, ["--first-parent"]],
      [{ maxParents: 1 }, ["--max-parents=1"]],
      [{ afterSeconds: 1_700_000_020 }, ["--since=1700000020"]],
      [{ beforeSeconds: 1_700_000_020 }, ["--until=1700000020"]],
      [{ author: "^Rita" }, ["--author=^Rita"]],
      [{ messagePatterns: ["fix", "base"] }, ["--grep=fix", "--grep=base"]],
      [{ messagePatterns: ["fix"], ignoreCase: true }, ["--grep=fix", "-i"]],
      [{ skip: 2, limit: 2 }, ["--skip=2", "--max-count=2"]],
      [{ paths: ["s"] }, ["--", "s"]],
      [{ noWalk: true }, ["--no-walk"]],
    ];
    for (const [input, flags] of cases) {
      const expected = (await story.git.text(["rev-list", "main", ...flags])).split("\n");
      const found = await story.list(listCommits, { revisions: ["main"], ...input });
      expect({ input, oids: found.map(({ oid }) => oid) }).toEqual({ input, oids: expected });
    }
    const messages = (await story.list(listCommits, { revisions: ["main", "^side"] })).map(({ message }) =>
      Buffer.from(message).toString(),
    );
    expect(messages).toEqual(["merge\n", "m2 Fix\n", "m1\n"]);
  });

  onEveryBackend("gives pages, of a reversed list too", async (story) => {
    await fill(story);
    const all = (await story.git.text(["rev-list", "main"])).split("\n");
    const oids = async (input: object) =>
      (await story.list(listCommits, { revisions: ["main"], ...input })).map(({ oid }) => oid);
    expect(await oids({ limit: 2 })).toEqual(all.slice(0, 2));
    expect(await oids({ limit: 2, after: all[1]! })).toEqual(all.slice(2, 4));
    expect(await oids({ after: all.at(-1)! })).toEqual([]);
    expect(await oids({ after: "1".repeat(40) })).toEqual([]);
    expect(await oids({ reverse: true, limit: 2 })).toEqual(all.toReversed().slice(0, 2));
    expect(await oids({ limit: 0 })).toEqual([]);
  });

  onEveryBackend("refuses an unknown revision", async (story) => {
    await fill(story);
    for (const revision of ["none", "1".repeat(40)])
      await failure(story.list(listCommits, { revisions: [revision] }), "revision_not_found");
  });
});
