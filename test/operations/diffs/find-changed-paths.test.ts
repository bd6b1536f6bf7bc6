import { describe, expect } from "bun:test";
import { findChangedPaths } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("findChangedPaths", () => {
  onEveryBackend("answers one question after the other", async (story) => {
    const base = await story.git.commit({ files: { a: "1\n", b: "1\n" } });
    const main = await story.git.commit({ files: { a: "2\n", b: "1\n", c: "1\n" } });
    const side = await story.git.commit({ branch: "side", parents: [base], files: { a: "3\n", d: "1\n" } });
    const merge = await story.git.commit({ parents: [main, side], files: { a: "4\n", c: "1\n", d: "1\n" } });
    const rows = async (
      input: Parameters<
        typeof story.list<(typeof findChangedPaths)["input"], (typeof findChangedPaths)["output"], never>
      >[1],
    ) =>
      (await story.list(findChangedPaths, input)).map(
        ({ status, newPath, commitOid }) => `${status} ${newPath} ${commitOid.slice(0, 7)}`,
      );
    const short = (oid: string) => oid.slice(0, 7);
    expect(
      await rows({
        questions: [{ commit: main }, { left: base, right: side }, { commit: "side", parents: ["main~1"] }],
      }),
    ).toEqual([
      `modified a ${short(main)}`,
      `added c ${short(main)}`,
      "modified a ",
      "deleted b ",
      "added d ",
      `modified a ${short(side)}`,
      `deleted b ${short(side)}`,
      `deleted c ${short(side)}`,
      `added d ${short(side)}`,
    ]);
    expect(await rows({ questions: [{ commit: base }] })).toEqual([]);
    expect(await rows({ questions: [] })).toEqual([]);
    expect(await rows({ questions: [{ commit: merge }] })).toEqual([
      `modified a ${short(merge)}`,
      `deleted b ${short(merge)}`,
      `added d ${short(merge)}`,
      `modified a ${short(merge)}`,
      `added c ${short(merge)}`,
    ]);
    expect(await rows({ questions: [{ commit: merge }], merges: "all-parents" })).toEqual([
      `modified a ${short(merge)}`,
      `modified a ${short(merge)}`,
    ]);
  });

  onEveryBackend("says which revision is not there", async (story) => {
    await story.git.commit();
    const fieldOf = async (question: { commit: string; parents?: string[] } | { left: string; right: string }) =>
      (await failure(story.list(findChangedPaths, { questions: [question] }), "revision_not_found")).details.field;
    expect(await fieldOf({ commit: "none" })).toBe("commit");
    expect(await fieldOf({ commit: "main^{tree}" })).toBe("commit");
    expect(await fieldOf({ commit: "main", parents: ["none"] })).toBe("commit parent");
    expect(await fieldOf({ left: "none", right: "main" })).toBe("left tree");
    expect(await fieldOf({ left: "main", right: "none" })).toBe("right tree");
  });
});
