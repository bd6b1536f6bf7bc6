import { describe, expect } from "bun:test";
import { listBranches } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("listBranches", () => {
  onEveryBackend("lists local branches with their commits, by name or date", async (story) => {
    const main = await story.git.commit({ seconds: 1_700_000_200 });
    await story.git.commit({ branch: "old", seconds: 1_700_000_100, parents: [main] });
    await story.git.commit({ branch: "new", seconds: 1_700_000_300, parents: [main] });
    await story.git.git(["update-ref", "refs/heads/twin", main]);
    await story.git.git(["update-ref", "refs/remotes/origin/main", main]);
    const names = async (input: object) => (await story.list(listBranches, input)).map(({ name }) => name.slice(11));
    expect(await names({})).toEqual(["main", "new", "old", "twin"]);
    expect(await names({ sort: "updated" })).toEqual(["old", "main", "twin", "new"]);
    expect(await names({ sort: "updated", direction: "descending" })).toEqual(["new", "main", "twin", "old"]);
    expect(await names({ sort: "updated", direction: "descending", after: "refs/heads/new", limit: 2 })).toEqual([
      "main",
      "twin",
    ]);
    expect(await names({ limit: 0 })).toEqual([]);
    await failure(names({ after: "refs/heads/none" }), "page_token_not_found");
    expect((await story.list(listBranches, {})).map(({ commit }) => commit.oid)).toEqual([
      main,
      await story.git.text(["rev-parse", "new"]),
      await story.git.text(["rev-parse", "old"]),
      main,
    ]);
  });

  onEveryBackend("lists thousands", async (story) => {
    const commit = await story.git.commit();
    const input = Array.from(
      { length: 2500 },
      (_, i) => `create refs/heads/b${String(i).padStart(4, "0")} ${commit}\n`,
    ).join("");
    await story.git.git(["update-ref", "--stdin"], { input });
    await story.git.git(["pack-refs", "--all"]);
    expect(await story.list(listBranches, {})).toHaveLength(2501);
  });

  onEveryBackend("fails at a branch that is no commit", async (story) => {
    await Bun.write(`${story.git.path}/refs/heads/blob`, `${await story.git.writeObject("blob", "x")}\n`);
    await failure(story.list(listBranches, {}), "not_a_commit");
  });
});
