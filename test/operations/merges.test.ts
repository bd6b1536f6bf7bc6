import { afterEach, describe, expect, test } from "bun:test";
import { cherryPick } from "../../src/operations/merges/cherry-pick.ts";
import { type MergeDecision, mergeBranch } from "../../src/operations/merges/merge-branch.ts";
import { mergeToRef } from "../../src/operations/merges/merge-to-ref.ts";
import { rebaseToRef } from "../../src/operations/merges/rebase-to-ref.ts";
import { revert } from "../../src/operations/merges/revert.ts";
import { BACKENDS, failure, JANE, OperationStory } from "../support/operation-story.ts";

const WRITTEN = { message: Buffer.from("done\n"), committer: JANE };
const TARGET = "refs/merge-requests/1/merge";

for (const backend of BACKENDS) {
  describe(backend, () => {
    let story: OperationStory;
    /** `main` and `side` come from `base` and touch different files; `clash` touches the same one as `main`. */
    const begin = async () => {
      story = await OperationStory.open(backend);
      const base = await story.commit({ "a.txt": "a\n" });
      const side = await story.commit({ "side.txt": "s\n" }, { branch: "side", startBranch: "main" });
      const clash = await story.commit({ "main.txt": "other\n" }, { branch: "clash", startBranch: "main" });
      const main = await story.commit({ "main.txt": "m\n" });
      return { base, side, clash, main };
    };
    const files = (revision: string) => story.git("ls-tree", "-r", "--name-only", revision);
    const tip = () => story.git("rev-parse", "main");
    afterEach(() => story.close());

    describe("mergeBranch", () => {
      const merge = (decisions: readonly MergeDecision[], commit = "side") => {
        async function* answers() {
          yield* decisions;
        }
        return story.run(mergeBranch, { branch: "main", commit, ...WRITTEN }, answers())[Symbol.asyncIterator]();
      };

      test("the branch moves when the caller says so, not before", async () => {
        const { main, side } = await begin();
        const answers = merge([{ apply: true }]);
        const { value: first } = await answers.next();
        expect(await tip()).toBe(main);
        expect(await story.git("rev-list", "--all", "--count")).toBe("4");
        expect((await answers.next()).value).toEqual({ ...first, applied: true });
        expect((await answers.next()).done).toBe(true);
        expect(await story.git("rev-parse", "main", "main^1", "main^2")).toBe(`${first.commitOid}\n${main}\n${side}`);
        expect(await files("main")).toBe("a.txt\nmain.txt\nside.txt");
        expect(await story.git("fsck", "--strict", "--no-dangling")).toBe("");
      });

      test("nothing stays of a merge that is refused, abandoned, or in conflict", async () => {
        const { main, clash } = await begin();
        const refused = merge([{ apply: false }]);
        await refused.next();
        await failure(refused.next(), "merge_not_confirmed");
        const ended = merge([]);
        await ended.next();
        await failure(ended.next(), "invalid_input");
        const left = merge([{ apply: true }]);
        await left.next();
        await left.return?.();
        const conflict = await failure(merge([{ apply: true }], "clash").next(), "merge_conflict");
        expect(conflict.details).toEqual({ conflictingPaths: ["main.txt"], commitOids: [main, clash] });
        expect(await tip()).toBe(main);
        expect(await story.git("fsck", "--unreachable")).toBe("");
      });
    });

    describe("mergeToRef", () => {
      test("points a reference at the merge; branches stay", async () => {
        const { main, side } = await begin();
        const input = { source: side, firstParent: "refs/heads/main", targetRef: TARGET, ...WRITTEN };
        const { commitOid } = await story.run(mergeToRef, input);
        expect(await story.git("rev-parse", TARGET, `${TARGET}^1`, `${TARGET}^2`)).toBe(
          `${commitOid}\n${main}\n${side}`,
        );
        expect(await tip()).toBe(main);
        await failure(story.run(mergeToRef, { ...input, source: "clash" }), "merge_conflict");
        await failure(story.run(mergeToRef, { ...input, source: "none" }), "revision_not_found");
        await failure(story.run(mergeToRef, { ...input, targetRef: "HEAD" }), "invalid_reference_name");
        await failure(story.run(mergeToRef, { ...input, expectedOid: main }), "reference_mismatch");
        await story.git("symbolic-ref", "refs/symbolic", "refs/heads/main");
        await failure(story.run(mergeToRef, { ...input, targetRef: "refs/symbolic" }), "reference_is_symbolic");
      });
    });

    describe("rebaseToRef", () => {
      test("commits go on top, in order; what is there already is left out", async () => {
        const { main, base, side } = await begin();
        const second = await story.commit({ "second.txt": "2\n" }, { branch: "side" });
        await story.commit({ "side.txt": "s\n" });
        const input = { source: second, firstParent: "main", targetRef: TARGET, committer: JANE };
        const { commitOid } = await story.run(rebaseToRef, input);
        expect(await story.git("rev-parse", `${commitOid}^`, `${commitOid}^^`)).toBe(`${await tip()}\n${main}`);
        expect(await files(commitOid)).toBe("a.txt\nmain.txt\nsecond.txt\nside.txt");
        expect(await story.run(rebaseToRef, { ...input, firstParent: base })).toEqual({ commitOid: second });
        expect(await story.run(rebaseToRef, { ...input, source: base })).toEqual({ commitOid: await tip() });
        expect(await story.run(rebaseToRef, { ...input, source: side, firstParent: "side" })).toEqual({
          commitOid: second,
        });
        await failure(story.run(rebaseToRef, { ...input, source: "clash" }), "merge_conflict");
      });
    });

    describe("cherryPick", () => {
      test("applies a commit's change and keeps its author", async () => {
        const { main, side, base } = await begin();
        const pick = (more: object) => story.run(cherryPick, { commit: side, branch: "main", ...WRITTEN, ...more });
        expect(await pick({ dryRun: true })).toEqual({ commitOid: main, branchCreated: false });
        expect(await tip()).toBe(main);
        const { commitOid } = await pick({});
        expect(await story.git("rev-parse", "main", "main^")).toBe(`${commitOid}\n${main}`);
        expect(await files("main")).toBe("a.txt\nmain.txt\nside.txt");
        await failure(pick({}), "changes_already_applied");
        await failure(pick({ commit: "clash" }), "merge_conflict");
        await failure(pick({ commit: base }), "commit_not_pickable");
        await failure(pick({ commit: "none" }), "revision_not_found");
        await failure(pick({ branch: "clash", startBranch: main }), "not_ancestor");
        expect((await pick({ branch: "fresh", startBranch: main })).branchCreated).toBe(true);
      });
    });

    describe("revert", () => {
      test("undoes a commit's change, also a root's", async () => {
        const { main, base } = await begin();
        const undo = (more: object) => story.run(revert, { commit: main, branch: "main", ...WRITTEN, ...more });
        await undo({});
        expect(await files("main")).toBe("a.txt");
        await failure(undo({}), "changes_already_applied");
        await undo({ commit: base });
        expect(await files("main")).toBe("");
        await failure(undo({ commit: "side", branch: "clash" }), "changes_already_applied");
        expect(await story.git("fsck", "--strict", "--no-dangling")).toBe("");
      });
    });
  });
}
