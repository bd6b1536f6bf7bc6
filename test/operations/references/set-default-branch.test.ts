import { describe, expect } from "bun:test";
import { setDefaultBranch } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("setDefaultBranch", () => {
  onEveryBackend("points HEAD at a branch that exists", async (story) => {
    const { git } = story;
    await git.commit({ branch: "main" });
    await git.commit({ branch: "topic" });
    await story.run(setDefaultBranch, { branch: "topic" });
    expect((await git.git(["symbolic-ref", "HEAD"])).toString().trim()).toBe("refs/heads/topic");
    const { references } = (await failure(story.run(setDefaultBranch, { branch: "a..b" }), "invalid_reference_name"))
      .details;
    expect(references).toEqual(["refs/heads/a..b"]);
    const { reference } = (await failure(story.run(setDefaultBranch, { branch: "gone" }), "reference_not_found"))
      .details;
    expect(reference).toBe("refs/heads/gone");
    expect((await git.git(["symbolic-ref", "HEAD"])).toString().trim()).toBe("refs/heads/topic");
  });

  onEveryBackend("takes a branch that is to come while there is none", async (story) => {
    await story.run(setDefaultBranch, { branch: "trunk" });
    expect((await story.git.git(["symbolic-ref", "HEAD"])).toString().trim()).toBe("refs/heads/trunk");
  });
});
