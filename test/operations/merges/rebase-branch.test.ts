import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { amendCommit, previewRebase, rebaseBranch } from "../../../src/operations/index.ts";
import { BACKENDS, failure, OperationStory } from "../../support/operation-story.ts";

const bytes = (text: string) => Buffer.from(text);

for (const backend of BACKENDS) {
  let story: OperationStory;
  let topic: string[] = [];
  /** main has two commits; topic begins at the first and has three: t1, t2 and t3, a file each. */
  beforeEach(async () => {
    story = await OperationStory.open(backend);
    await story.commit({ base: "x" });
    topic = [await story.commit({ t1: "1" }, { branch: "topic", startBranch: "main" })];
    for (const name of ["t2", "t3"]) topic.push(await story.commit({ [name]: name }, { branch: "topic" }));
    await story.commit({ other: "y" });
  });
  afterEach(() => story.close());

  const log = (format: string) => story.git("log", "--reverse", `--format=${format}`, "main..topic");
  const files = (rev: string) => story.git("ls-tree", "--name-only", rev);

  describe("rebaseBranch", () => {
    test(`replays what git rebase replays (${backend})`, async () => {
      const authors = await log("%an %ae %ad %s");
      const rebased = await story.run(rebaseBranch, { branch: "topic", onto: "main" });
      expect(rebased).toMatchObject({ branch: "topic", oldOid: topic[2]! });
      expect(await log("%an %ae %ad %s")).toBe(authors);
      expect(await files("topic")).toBe("base\nother\nt1\nt2\nt3");
      expect(await story.git("rev-parse", "topic~3")).toBe(await story.git("rev-parse", "main"));
      expect(await story.run(rebaseBranch, { branch: "topic", onto: "main" })).toMatchObject({
        commit: rebased.commit,
        oldOid: rebased.commit,
      });
    });

    test(`does as a list says (${backend})`, async () => {
      const [t1, t2, t3] = topic as [string, string, string];
      const steps = [
        { action: "pick", commit: t2 },
        { action: "squash", commit: t3, message: bytes("t2 and t3") },
        { action: "drop", commit: t1 },
      ] as const;
      await story.run(rebaseBranch, { branch: "topic", onto: "main", steps: [...steps] });
      expect([await log("%s"), await files("topic")]).toEqual(["t2 and t3", "base\nother\nt2\nt3"]);
      const again = [
        { action: "reword", commit: t1, message: bytes("first") },
        { action: "pick", commit: t2 },
        { action: "fixup", commit: t3 },
      ] as const;
      await story.run(rebaseBranch, { branch: "topic", onto: "main", steps: [...again] });
      expect([await log("%s"), await files("topic")]).toEqual(["first\nchange", "base\nother\nt1\nt2\nt3"]);
      expect(await story.git("fsck", "--strict")).not.toContain("error");
    });

    test(`changes nothing where it cannot (${backend})`, async () => {
      const tip = topic[2]!;
      const main = await story.commit({ t2: "in the way" });
      const rebase = (more: object) => story.run(rebaseBranch, { branch: "topic", onto: "main", ...more });
      expect((await failure(rebase({}), "merge_conflict")).details.conflictingPaths).toEqual(["t2"]);
      await failure(rebase({ expectedOid: main }), "reference_mismatch");
      await failure(rebase({ onto: "none" }), "revision_not_found");
      await failure(rebase({ steps: [{ action: "fixup", commit: tip }] }), "invalid_input");
      await failure(rebase({ steps: [] }), "invalid_input");
      await failure(rebase({ steps: [{ action: "pick", commit: "0".repeat(40) }] }), "revision_not_found");
      expect(await story.git("rev-parse", "topic")).toBe(tip);
    });
  });

  describe("previewRebase", () => {
    test(`tells what would be replayed, and what does not apply (${backend})`, async () => {
      const before = await story.git("count-objects", "-v");
      const preview = () => story.run(previewRebase, { rev: "topic", onto: "main" });
      const clean = await preview();
      expect([clean.result, clean.commits.map(({ oid }) => oid)]).toEqual(["clean", topic]);
      expect(await story.run(previewRebase, { rev: "topic", onto: topic[0]! })).toEqual({
        result: "up-to-date",
        commits: [],
      });
      expect(await story.git("count-objects", "-v")).toBe(before);
      await story.commit({ t2: "in the way" });
      const theirs = { oid: await story.git("rev-parse", "topic:t2"), mode: "100644" };
      const ours = { oid: await story.git("rev-parse", "main:t2"), mode: "100644" };
      expect((await preview()).conflict).toEqual({ commit: topic[1]!, paths: [{ path: "t2", ours, theirs }] });
    });
  });

  describe("amendCommit", () => {
    test(`replaces the newest commit (${backend})`, async () => {
      const tree = await story.git("rev-parse", "topic^{tree}");
      const amended = await story.run(amendCommit, { branch: "topic", message: bytes("better\n") });
      expect(await story.git("log", "-1", "--format=%H %P %T %s", "topic")).toBe(
        `${amended.commit} ${topic[1]} ${tree} better`,
      );
      const author = { name: bytes("Ann"), email: bytes("ann@example.com") };
      await story.run(amendCommit, { branch: "topic", author, treeOid: await story.git("rev-parse", "main^{tree}") });
      expect(await story.git("log", "-1", "--format=%an %s", "topic")).toBe("Ann better");
      expect(await files("topic")).toBe("base\nother");
      await failure(story.run(amendCommit, { branch: "topic", expectedOid: topic[0]! }), "reference_mismatch");
      await failure(story.run(amendCommit, { branch: "topic", treeOid: topic[0]! }), "object_not_found");
    });
  });
}
