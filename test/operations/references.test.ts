import { afterEach, describe, expect, test } from "bun:test";
import { zeroOid } from "../../src/domain/oid.ts";
import { deleteReferences } from "../../src/operations/references/delete-references.ts";
import { updateReferences } from "../../src/operations/references/update-references.ts";
import { BACKENDS, failure, OperationStory } from "../support/operation-story.ts";

const ZERO = zeroOid("sha1");

for (const backend of BACKENDS) {
  describe(backend, () => {
    let story: OperationStory;
    const begin = async () => {
      story = await OperationStory.open(backend);
      return { first: await story.commit({ "a.txt": "a\n" }), second: await story.commit({ "b.txt": "b\n" }) };
    };
    afterEach(() => story.close());

    describe("updateReferences", () => {
      test("all changes or none", async () => {
        const { first, second } = await begin();
        await story.run(updateReferences, {
          changes: [
            { name: "refs/heads/main", newOid: first, expectedOid: second },
            { name: "refs/custom/deep/\xff", newOid: second, expectedOid: ZERO },
            { name: "refs/absent", newOid: ZERO },
          ],
        });
        const after = { "refs/custom/deep/\xff": second, "refs/heads/main": first };
        expect(await story.references()).toEqual(after);
        const update = (...changes: { name: string; newOid: string; expectedOid?: string }[]) =>
          story.run(updateReferences, { changes: [{ name: "refs/heads/other", newOid: first }, ...changes] });
        await failure(update({ name: "refs/heads/main", newOid: first, expectedOid: second }), "reference_mismatch");
        await failure(update({ name: "refs/heads/main/x", newOid: first }), "reference_name_conflict");
        await failure(update({ name: "refs/heads/other", newOid: second }), "reference_repeated");
        await failure(update({ name: "refs/x", newOid: "deadbeef".repeat(5) }), "object_not_found");
        await failure(update({ name: "refs/x", newOid: "main" }), "invalid_object_id");
        await failure(update({ name: "main", newOid: first }), "invalid_reference_name");
        await failure(update({ name: "refs/a..b", newOid: first }), "invalid_reference_name");
        expect(await story.references()).toEqual(after);
      });
    });

    describe("deleteReferences", () => {
      test("by name, and all but prefixes, packed ones too", async () => {
        const { first, second } = await begin();
        const names = ["refs/heads/keep", "refs/heads/keeper", "refs/tags/t", "refs/x/y", "refs/x/z"];
        await story.run(updateReferences, { changes: names.map((name) => ({ name, newOid: first })) });
        await story.git("pack-refs", "--all", "--prune");
        await story.run(deleteReferences, { names: ["refs/x/z", "refs/absent"] });
        await story.run(deleteReferences, { exceptPrefixes: ["refs/heads/keep", "refs/heads/main"] });
        expect(await story.references()).toEqual({
          "refs/heads/keep": first,
          "refs/heads/keeper": first,
          "refs/heads/main": second,
        });
      });
    });
  });
}
