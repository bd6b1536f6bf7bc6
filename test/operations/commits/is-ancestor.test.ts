import { describe, expect } from "bun:test";
import { isAncestor } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("isAncestor", () => {
  onEveryBackend("compares commits by any revision", async (story) => {
    const base = await story.git.commit();
    await story.git.commit();
    await story.git.commit({ branch: "side", parents: [base], message: "side\n" });
    await story.git.git(["tag", "-a", "-m", "m", "v1", base]);
    const ask = async (ancestor: string, descendant: string) =>
      (await story.run(isAncestor, { ancestor, descendant })).isAncestor;
    expect(await ask(base, "main")).toBe(true);
    expect(await ask("v1", "side")).toBe(true);
    expect(await ask("main", "main")).toBe(true);
    expect(await ask("main", "side")).toBe(false);
    expect(await ask("main", base)).toBe(false);
  });

  onEveryBackend("refuses what is no commit", async (story) => {
    await story.git.commit();
    expect(
      (await failure(story.run(isAncestor, { ancestor: "none", descendant: "main" }), "revision_not_found")).details,
    ).toEqual({ revision: "none", field: "ancestor" });
    expect(
      (await failure(story.run(isAncestor, { ancestor: "main", descendant: "main^{tree}" }), "revision_not_found"))
        .details.field,
    ).toBe("descendant");
  });
});
