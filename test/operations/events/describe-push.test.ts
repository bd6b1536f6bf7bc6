import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describePush } from "../../../src/operations/events/describe-push.ts";
import { BACKENDS, failure, OperationStory } from "../../support/operation-story.ts";

const ZEROS = "0".repeat(40);

for (const backend of BACKENDS) {
  describe(`on ${backend}`, () => {
    describe("describePush", () => {
      let story: OperationStory;
      beforeAll(async () => {
        story = await OperationStory.open(backend);
      });
      afterAll(() => story.close());

      const push = (ref: string, oldOid: string, newOid: string, others: string[] = []) =>
        story.run(describePush, { ref, oldOid, newOid, others });

      test("names the newest commits, oldest first, and counts all", async () => {
        const first = await story.commit({ a: "0" });
        for (let at = 1; at <= 24; at++) await story.commit({ [`a${at}`]: String(at) });
        const tip = await story.git("rev-parse", "main");
        const { commits, commit_count, count_cut, forced } = await push("refs/heads/main", first, tip);
        const expected = (await story.git("rev-list", "--reverse", `${first}..${tip}`)).split("\n").slice(-20);
        expect(commits.map(({ id }) => id)).toEqual(expected);
        expect(commits.at(-1)).toMatchObject({
          message: "change\n",
          author: { name: "Jane Doe", email: "jane@example.com" },
        });
        expect({ commit_count, count_cut, forced }).toEqual({ commit_count: 24, count_cut: false, forced: false });
      });

      test("counts for a new branch what no other branch has", async () => {
        const tip = await story.commit({ "new.txt": "new" }, { branch: "topic", startBranch: "main" });
        const described = await push("refs/heads/topic", ZEROS, tip);
        expect([described.commit_count, described.commits.map(({ id }) => id)]).toEqual([1, [tip]]);
        // Two branches of one push: neither was there before.
        await story.git("branch", "twin", tip);
        expect((await push("refs/heads/topic", ZEROS, tip)).commit_count).toBe(0);
        expect((await push("refs/heads/topic", ZEROS, tip, ["refs/heads/twin"])).commit_count).toBe(1);
      });

      test("tells a push that has thrown commits away", async () => {
        const [tip, before] = [await story.git("rev-parse", "main"), await story.git("rev-parse", "main~3")];
        expect(await push("refs/heads/main", tip, before)).toEqual({
          commits: [],
          commit_count: 0,
          count_cut: false,
          forced: true,
        });
      });

      test("reads annotated tags, and tags of what has no history", async () => {
        await story.git("-c", "user.name=x", "-c", "user.email=x@example.com", "tag", "-m", "tag", "v1", "main");
        await story.git("tag", "blob", "main:a");
        expect((await push("refs/tags/v1", ZEROS, await story.git("rev-parse", "v1"))).commits).toEqual([]);
        expect((await push("refs/tags/blob", ZEROS, await story.git("rev-parse", "blob"))).commits).toEqual([]);
      });

      test("refuses what is not there", async () => {
        await failure(push("refs/heads/main", ZEROS, "1".repeat(40)), "revision_not_found");
      });
    });
  });
}
