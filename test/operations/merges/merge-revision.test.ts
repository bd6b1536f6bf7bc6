import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mergeRevision, pickCommit, previewMerge, revertCommit } from "../../../src/operations/index.ts";
import { BACKENDS, failure, OperationStory } from "../../support/operation-story.ts";

const bytes = (text: string) => Buffer.from(text);

for (const backend of BACKENDS) {
  let story: OperationStory;
  let base = "";
  beforeEach(async () => {
    story = await OperationStory.open(backend);
    base = await story.commit({ f: "a\nb\nc\n" });
  });
  afterEach(() => story.close());

  const tip = (branch = "main") => story.git("rev-parse", branch);
  const parents = async () => (await story.git("log", "-1", "--format=%P", "main")).split(" ");

  describe("mergeRevision", () => {
    const merge = (more: object = {}) => story.run(mergeRevision, { rev: "topic", ...more });

    test(`goes forward where that is enough (${backend})`, async () => {
      const topic = await story.commit({ g: "x" }, { branch: "topic", startBranch: "main" });
      expect(await merge()).toEqual({ result: "fast-forward", branch: "main", commit: topic, oldOid: base });
      expect(await merge()).toEqual({ result: "up-to-date", branch: "main", commit: topic, oldOid: topic });
      expect(await tip()).toBe(topic);
    });

    test(`makes what git makes (${backend})`, async () => {
      const topic = await story.commit({ g: "x" }, { branch: "topic", startBranch: "main" });
      const main = await story.commit({ h: "y" });
      const tree = await story.git("merge-tree", "--write-tree", main, topic);
      await failure(merge({ strategy: "ff-only" }), "non_fast_forward");
      await failure(merge({ expectedOid: base }), "reference_mismatch");
      const squashed = await merge({ strategy: "squash", expectedOid: main });
      expect([squashed.result, await parents(), await tip("main^{tree}")]).toEqual(["squash", [main], tree]);
      await story.git("update-ref", "refs/heads/main", main);
      const merged = await merge({ message: bytes("Words\n") });
      expect([merged.result, await parents(), await tip("main^{tree}")]).toEqual(["merge", [main, topic], tree]);
      expect(await story.git("log", "-1", "--format=%B", "main")).toBe("Words");
      await story.git("update-ref", "refs/heads/main", base);
      expect([(await merge({ strategy: "no-ff" })).result, await parents()]).toEqual(["merge", [base, topic]]);
      expect(await story.git("log", "-1", "--format=%s", "main")).toBe("Merge topic into main");
    });

    test(`a conflict changes nothing (${backend})`, async () => {
      const topic = await story.commit({ g: "theirs" }, { branch: "topic", startBranch: "main" });
      const main = await story.commit({ g: "ours" });
      const { details } = await failure(merge(), "merge_conflict");
      const preview = await story.run(previewMerge, { into: "main", rev: "topic" });
      expect(preview.conflicts.map(({ path, ours, theirs }) => [path, ours?.mode, theirs?.mode])).toEqual([
        ["g", "100644", "100644"],
      ]);
      expect(details).toEqual({
        conflictingPaths: ["g"],
        commitOids: [main, topic],
        conflicts: preview.conflicts,
      });
      expect(await tip()).toBe(main);
      await failure(merge({ branch: "none" }), "reference_not_found");
      await failure(merge({ rev: "none" }), "revision_not_found");
    });
  });

  describe("previewMerge", () => {
    test(`tells the three sides of conflicts and writes nothing (${backend})`, async () => {
      const topic = await story.commit({ g: "theirs" }, { branch: "topic", startBranch: "main" });
      const main = await story.commit({ g: "ours" });
      const before = await story.git("count-objects", "-v");
      const blob = (rev: string) => story.git("rev-parse", `${rev}:g`);
      expect(await story.run(previewMerge, { into: "main", rev: "topic" })).toEqual({
        result: "conflict",
        ours: main,
        theirs: topic,
        mergeBase: base,
        conflicts: [
          {
            path: "g",
            ours: { oid: await blob(main), mode: "100644" },
            theirs: { oid: await blob(topic), mode: "100644" },
          },
        ],
      });
      expect(await story.run(previewMerge, { into: base, rev: "topic" })).toMatchObject({ result: "fast-forward" });
      expect(await story.git("count-objects", "-v")).toBe(before);
    });
  });

  describe("revertCommit", () => {
    test(`takes a commit back as git words it (${backend})`, async () => {
      const second = await story.commit({ g: "x" });
      await story.commit({ h: "y" });
      const reverted = await story.run(revertCommit, { sha: second });
      expect(await story.git("ls-tree", "--name-only", "main")).toBe("f\nh");
      expect(await story.git("log", "-1", "--format=%H %B", "main")).toBe(
        `${reverted.commit} Revert "change"\n\nThis reverts commit ${second}.`,
      );
      await failure(story.run(revertCommit, { sha: second }), "changes_already_applied");
      await failure(story.run(revertCommit, { sha: "none" }), "revision_not_found");
      await story.run(revertCommit, { sha: base, message: bytes("Not that\n") });
      expect(await story.git("ls-tree", "--name-only", "main")).toBe("h");
    });
  });

  describe("pickCommit", () => {
    test(`brings a commit over with its author and message (${backend})`, async () => {
      const topic = await story.commit({ g: "x" }, { branch: "topic", startBranch: "main" });
      await story.commit({ h: "y" });
      const picked = await story.run(pickCommit, { sha: "topic" });
      expect(await story.git("show", "-s", "--format=%an %ae %s", picked.commit)).toBe(
        await story.git("show", "-s", "--format=%an %ae %s", topic),
      );
      expect(await story.git("ls-tree", "--name-only", "main")).toBe("f\ng\nh");
      await failure(story.run(pickCommit, { sha: "topic" }), "changes_already_applied");
    });

    test(`ten at once on one branch: none is lost (${backend})`, async () => {
      const topics = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          story.commit({ [`t${i}`]: "x" }, { branch: `t${i}`, startBranch: "main" }),
        ),
      );
      await Promise.all(topics.map((sha) => story.run(pickCommit, { sha, branch: "main" })));
      expect((await story.git("ls-tree", "--name-only", "main")).split("\n")).toHaveLength(11);
      expect(await story.git("rev-list", "--count", "main")).toBe("11");
    });
  });
}
