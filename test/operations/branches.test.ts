import { afterEach, describe, expect, test } from "bun:test";
import { zeroOid } from "../../src/domain/oid.ts";
import { createBranch } from "../../src/operations/branches/create-branch.ts";
import { deleteBranch } from "../../src/operations/branches/delete-branch.ts";
import { updateBranch } from "../../src/operations/branches/update-branch.ts";
import { BACKENDS, failure, OperationStory } from "../support/operation-story.ts";

const ZERO = zeroOid("sha1");
const ABSENT = "deadbeef".repeat(5);

for (const backend of BACKENDS) {
  describe(backend, () => {
    let story: OperationStory;
    const begin = async () => {
      story = await OperationStory.open(backend);
      const first = await story.commit({ "a.txt": "a\n" });
      return { first, second: await story.commit({ "b.txt": "b\n" }) };
    };
    afterEach(() => story.close());

    describe("createBranch", () => {
      test("starts at any revision that leads to a commit", async () => {
        const { first, second } = await begin();
        await story.run(createBranch, { branch: "by-name", startPoint: "main" });
        await story.run(createBranch, { branch: "by/expression", startPoint: "main~1" });
        await story.run(createBranch, { branch: "by-id\xff", startPoint: first.slice(0, 12) });
        expect(await story.references()).toEqual({
          "refs/heads/by-id\xff": first,
          "refs/heads/by-name": second,
          "refs/heads/by/expression": first,
          "refs/heads/main": second,
        });
      });

      test("refuses what exists, what is in the way, and what git would not name so", async () => {
        const { first } = await begin();
        const create = (branch: string, startPoint = "main") => story.run(createBranch, { branch, startPoint });
        const mismatch = await failure(create("main", first), "reference_mismatch");
        expect(mismatch.details.expected).toBe(ZERO);
        await failure(create("main/below"), "reference_name_conflict");
        for (const name of ["a b", "a..b", ".a", "a.lock", "a~1", ""])
          await failure(create(name), "invalid_reference_name");
        await failure(create("new", "none"), "revision_not_found");
        await failure(create("new", ABSENT), "revision_not_found");
        expect(Object.keys(await story.references())).toEqual(["refs/heads/main"]);
      });

      test("of ten at once one wins", async () => {
        await begin();
        const calls = Array.from({ length: 10 }, () => story.run(createBranch, { branch: "one", startPoint: "main" }));
        const results = await Promise.allSettled(calls);
        expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      });
    });

    describe("updateBranch", () => {
      test("moves, creates and deletes where the old value is right", async () => {
        const { first, second } = await begin();
        await story.run(updateBranch, { branch: "main", oldOid: second, newOid: first });
        await story.run(updateBranch, { branch: "made", oldOid: ZERO, newOid: second });
        expect(await story.references()).toEqual({ "refs/heads/made": second, "refs/heads/main": first });
        await story.run(updateBranch, { branch: "made", oldOid: second, newOid: ZERO });
        expect(await story.references()).toEqual({ "refs/heads/main": first });
      });

      test("leaves the branch where the old value is stale or the new one absent", async () => {
        const { first, second } = await begin();
        const update = (oldOid: string, newOid: string, branch = "main") =>
          story.run(updateBranch, { branch, oldOid, newOid });
        await failure(update(first, second), "reference_mismatch");
        await failure(update(second, first, "none"), "reference_mismatch");
        await failure(update(second, ABSENT), "object_not_found");
        await failure(update("main", first), "invalid_object_id");
        expect(await story.references()).toEqual({ "refs/heads/main": second });
      });
    });

    describe("deleteBranch", () => {
      test("deletes, also a packed branch, and only what is there and as expected", async () => {
        const { first, second } = await begin();
        await story.run(createBranch, { branch: "side", startPoint: first });
        await story.git("pack-refs", "--all");
        await failure(story.run(deleteBranch, { branch: "side", expectedOid: second }), "reference_mismatch");
        await failure(story.run(deleteBranch, { branch: "side", expectedOid: ABSENT }), "object_not_found");
        await failure(story.run(deleteBranch, { branch: "side", expectedOid: "x" }), "invalid_object_id");
        expect(await story.run(deleteBranch, { branch: "side", expectedOid: first })).toEqual({ oldOid: first });
        await failure(story.run(deleteBranch, { branch: "side" }), "reference_not_found");
        expect(await story.references()).toEqual({ "refs/heads/main": second });
      });
    });
  });
}
