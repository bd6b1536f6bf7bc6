import { describe, expect, test } from "bun:test";
import { gitAdapterContract, MockGitAdapter, registerContract } from "../../src/testing.ts";
import { freshContext } from "../support/fresh-context.ts";

// A mock changes nothing: what is left are repositories, and what is not there.
registerContract({ describe, test }, () => freshContext(new MockGitAdapter()), {
  name: "MockGitAdapter",
  without: ["changes"],
});

describe("the contract", () => {
  test("names each check once", () => {
    const names = gitAdapterContract().map(({ name }) => name);
    expect(names).toHaveLength(new Set(names).size);
  });

  test("finds an adapter that does not keep it", async () => {
    const failed: string[] = [];
    for (const check of gitAdapterContract()) {
      const adapter = new MockGitAdapter().answer("repoExists", false).answer("listBranches", []);
      await check.run(freshContext(adapter)).catch(() => failed.push(check.name));
    }
    expect(failed).toContain("create, exists, remove");
    expect(failed).toContain("no method reads a repository that does not exist");
    expect(failed).toContain("merge conflict");
    const kept = ["a repository that exists is not made again", "a repository that is not there cannot be removed"];
    expect(failed).not.toContain(kept[0] ?? "");
    expect(failed).not.toContain(kept[1] ?? "");
  });
});
