import { describe, expect, test } from "bun:test";
import { OperationError } from "../../src/domain/errors.ts";
import type { HookChange } from "../../src/refs/hooks.ts";
import type { RefPolicy } from "../../src/refs/ref-policy.ts";
import { compileRefRules } from "../../src/refs/ref-rules.ts";
import { failureOf } from "../support/failure-of.ts";
import { runGit } from "../support/temporary-repository.ts";
import { TemporaryStore } from "../support/temporary-store.ts";

const ZERO = "0".repeat(40);

describe("a policy", () => {
  test("decides about the very values that are changed: whoever is faster makes the change fail", async () => {
    let meanwhile = async () => {};
    const seen: HookChange[] = [];
    const policy: RefPolicy = {
      applies: () => true,
      async refusals(_request, changes) {
        seen.push(...changes);
        await meanwhile();
        return new Map();
      },
    };
    await using store = await TemporaryStore.open({ policy });
    const gitDir = await store.create("a.git");
    const first = await store.commit("a.git", "main", "one");
    const second = await store.commit("a.git", "main", "two");
    seen.splice(0);
    meanwhile = async () => void (await runGit(gitDir, ["update-ref", "refs/heads/main", first]));
    const changes = [{ name: "refs/heads/main", newOid: ZERO }];
    const failed = store.with("a.git", (repository) => repository.updateRefs({ changes, hooks: "none" }));
    expect(await failureOf(failed)).toMatchObject({ reason: "reference_mismatch" });
    expect(seen).toEqual([{ name: "refs/heads/main", newOid: ZERO, oldOid: second }]);
    expect((await runGit(gitDir, ["rev-parse", "main"])).toString().trim()).toBe(first);
  });

  test("that has nothing to say is not asked", async () => {
    const policy: RefPolicy = {
      applies: () => false,
      refusals: () => Promise.reject(new Error("was asked")),
    };
    await using store = await TemporaryStore.open({ policy });
    await store.create("a.git");
    await store.commit("a.git", "main", "one");
  });

  test("refuses some of a partial change, and the others move", async () => {
    const refused = (name: string) => new OperationError("reference_protected", { reference: name, problem: "no" });
    const policy: RefPolicy = {
      applies: () => true,
      refusals: async (_request, changes) =>
        new Map(changes.filter(({ name }) => name.endsWith("x")).map(({ name }) => [name, refused(name)])),
    };
    await using store = await TemporaryStore.open({ policy });
    await store.create("a.git");
    const oid = await store.commit("a.git", "main", "one");
    const changes = ["refs/heads/x", "refs/heads/y"].map((name) => ({ name, newOid: oid }));
    const update = await store.with("a.git", (repository) =>
      repository.updateRefs({ changes, hooks: "none", partial: true }),
    );
    expect([...(update.refused ?? [])].map(([name, { reason }]) => [name, reason])).toEqual([
      ["refs/heads/x", "reference_protected"],
    ]);
    expect(update.oldOids).toEqual([ZERO]);
  });
});

describe("compileRefRules", () => {
  test("names, directories of names, and globs across slashes", () => {
    const cases: [string, string, boolean][] = [
      ["refs/heads/main", "refs/heads/main", true],
      ["refs/heads/main", "refs/heads/main/x", true],
      ["refs/heads/main", "refs/heads/mainx", false],
      ["refs/heads/", "refs/heads/a", true],
      ["refs/heads", "refs/tags/a", false],
      ["refs/heads/*", "refs/heads/a/b", true],
      ["refs/heads/*/x", "refs/heads/a/b/x", true],
      ["refs/heads/v[0-9]", "refs/heads/v1", true],
      ["refs/heads/v[0-9]", "refs/heads/va", false],
      ["refs/*", "HEAD", false],
    ];
    for (const [pattern, name, fits] of cases)
      expect([pattern, name, compileRefRules([pattern])(name)]).toEqual([pattern, name, fits]);
    expect(compileRefRules([])("refs/heads/main")).toBe(false);
  });
});
