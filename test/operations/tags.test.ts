import { afterEach, describe, expect, test } from "bun:test";
import { createTag } from "../../src/operations/tags/create-tag.ts";
import { deleteTag } from "../../src/operations/tags/delete-tag.ts";
import { BACKENDS, failure, JANE, OperationStory } from "../support/operation-story.ts";

for (const backend of BACKENDS) {
  describe(backend, () => {
    let story: OperationStory;
    const begin = async () => {
      story = await OperationStory.open(backend);
      return story.commit({ "a.txt": "a\n" });
    };
    const create = (tag: string, more: { target?: string; message?: string } = {}) =>
      story.run(createTag, {
        tag,
        target: more.target ?? "main",
        tagger: JANE,
        moment: { seconds: 1_700_000_000, timezone: "Europe/Berlin" },
        ...(more.message === undefined ? {} : { message: Buffer.from(more.message) }),
      });
    afterEach(() => story.close());

    describe("createTag", () => {
      test("lightweight without a message, annotated with one", async () => {
        const tip = await begin();
        expect(await create("light", { message: " \n" })).toEqual({ oid: tip, annotated: false, commitOid: tip });
        const { oid } = await create("noted", { message: "one\n\ntwo\n" });
        expect(await story.git("cat-file", "tag", "noted")).toBe(
          `object ${tip}\ntype commit\ntag noted\ntagger Jane Doe <jane@example.com> 1700000000 +0100\n\none\n\ntwo`,
        );
        expect(await story.git("rev-parse", "noted")).toBe(oid);
        expect(await story.git("fsck", "--strict", "--no-dangling")).toBe("");
      });

      test("of a tag: lightweight is peeled, annotated nests; of a tree there is no commit", async () => {
        const tip = await begin();
        const { oid } = await create("inner", { message: "m\n" });
        expect((await create("light", { target: "inner" })).oid).toBe(tip);
        const outer = await create("outer", { target: "inner", message: "m\n" });
        expect(await story.git("rev-parse", "outer^{}", "outer")).toBe(`${tip}\n${outer.oid}`);
        expect(await story.git("cat-file", "tag", "outer")).toStartWith(`object ${oid}\ntype tag\n`);
        expect(await create("tree", { target: "main^{tree}" })).not.toHaveProperty("commitOid");
        expect(await create("blob", { target: "main:a.txt" })).not.toHaveProperty("commitOid");
      });

      test("refuses what exists, what is in the way, and an unknown target", async () => {
        const tip = await begin();
        await create("v1");
        expect((await failure(create("v1", { message: "m" }), "reference_exists")).details).toEqual({
          reference: "refs/tags/v1",
          oid: tip,
        });
        await failure(create("v1/below"), "reference_name_conflict");
        await failure(create("v2", { target: "none" }), "revision_not_found");
        await failure(create("a..b"), "invalid_reference_name");
        expect(Object.keys(await story.references())).toEqual(["refs/heads/main", "refs/tags/v1"]);
      });
    });

    describe("deleteTag", () => {
      test("compares with the tag object", async () => {
        const tip = await begin();
        const { oid } = await create("v1", { message: "m" });
        await failure(story.run(deleteTag, { tag: "v1", expectedOid: tip }), "reference_mismatch");
        expect(await story.run(deleteTag, { tag: "v1", expectedOid: oid })).toEqual({ oldOid: oid });
        await failure(story.run(deleteTag, { tag: "v1" }), "reference_not_found");
      });
    });
  });
}
