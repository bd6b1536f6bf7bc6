import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { putFile } from "../../../src/operations/index.ts";
import { BACKENDS, OperationStory } from "../../support/operation-story.ts";

for (const backend of BACKENDS) {
  describe("inTurn", () => {
    let story: OperationStory;
    beforeEach(async () => {
      story = await OperationStory.open(backend);
      await story.commit({ a: "1" });
    });
    afterEach(() => story.close());

    test(`lets forty writers of one branch through, each of them making his objects once (${backend})`, async () => {
      const writers = Array.from({ length: 40 }, (_, index) =>
        story.run(putFile, {
          branch: "main",
          path: `file${index}`,
          content: Buffer.from(`${index}`),
          message: Buffer.from("one of many"),
        } as never),
      );
      const made = await Promise.all(writers);
      expect(new Set(made.map(({ commit }) => commit)).size).toBe(40);
      expect(await story.git("rev-list", "--count", "main")).toBe("41");
      expect(await story.git("fsck", "--strict")).toBe("");
    });
  });
}
