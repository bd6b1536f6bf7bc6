import { describe, expect } from "bun:test";
import { findDefaultBranch } from "../../../src/operations/index.ts";
import { onEveryBackend } from "../../support/read-story.ts";

describe("findDefaultBranch", () => {
  onEveryBackend("takes what HEAD names, main, master, or the first by name", async (story) => {
    const { git } = story;
    expect(await story.run(findDefaultBranch, {})).toEqual({});
    expect(await story.run(findDefaultBranch, { headOnly: true })).toEqual({ name: "refs/heads/main" });
    await git.git(["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    await git.commit({ branch: "zeta" });
    await git.commit({ branch: "alpha" });
    expect(await story.run(findDefaultBranch, {})).toEqual({ name: "refs/heads/alpha" });
    await git.commit({ branch: "master" });
    expect(await story.run(findDefaultBranch, {})).toEqual({ name: "refs/heads/master" });
    await git.commit({ branch: "main" });
    expect(await story.run(findDefaultBranch, {})).toEqual({ name: "refs/heads/main" });
    await git.git(["symbolic-ref", "HEAD", "refs/heads/zeta"]);
    expect(await story.run(findDefaultBranch, {})).toEqual({ name: "refs/heads/zeta" });
  });

  onEveryBackend("sees no branch in a detached HEAD", async (story) => {
    const commit = await story.git.commit();
    await story.git.git(["update-ref", "--no-deref", "HEAD", commit]);
    expect(await story.run(findDefaultBranch, { headOnly: true })).toEqual({});
    expect(await story.run(findDefaultBranch, {})).toEqual({ name: "refs/heads/main" });
  });
});
