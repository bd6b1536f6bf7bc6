import { describe, expect } from "bun:test";
import { findBranch } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("findBranch", () => {
  onEveryBackend("finds a branch by its short name", async (story) => {
    const commit = await story.git.commit({ message: "subject\n\nbody\n" });
    const { branch } = await story.run(findBranch, { branch: "main" });
    expect(branch?.name).toBe("refs/heads/main");
    expect(branch?.commit).toMatchObject({ oid: commit, parentOids: [] });
    expect(Buffer.from(branch!.commit.message).toString()).toBe("subject\n\nbody\n");
    for (const name of ["none", "refs/heads/main", "heads/main", "HEAD", "main/", ""]) {
      expect(await story.run(findBranch, { branch: name })).toEqual({});
    }
  });

  onEveryBackend("refuses a folder of branches, and a branch that is no commit", async (story) => {
    await story.git.commit({ branch: "a/b" });
    const blob = await story.git.writeObject("blob", "x");
    await Bun.write(`${story.git.path}/refs/heads/blob`, `${blob}\n`);
    expect((await failure(story.run(findBranch, { branch: "a" }), "reference_ambiguous")).details.reference).toBe(
      "refs/heads/a",
    );
    expect((await failure(story.run(findBranch, { branch: "blob" }), "not_a_commit")).details.oid).toBe(blob);
  });
});
