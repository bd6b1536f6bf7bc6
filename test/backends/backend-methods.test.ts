import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { METHOD_ENTRIES, methodOf } from "../../src/backend/backend-methods.ts";
import type { GitBackend } from "../../src/backend/backend.ts";
import { hasReason } from "../../src/domain/errors.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const FACETS = [
  "objects",
  "quarantine",
  "refs",
  "history",
  "diff",
  "merge",
  "maintenance",
  "pack",
  "worktree",
  "remote",
] as const;

function namesOf(backend: GitBackend): string[] {
  return FACETS.flatMap((facet) => Object.keys(backend[facet]).map((method) => `${facet}.${method}`)).toSorted();
}

describe("methods of the backends", () => {
  const names = METHOD_ENTRIES.map((entry) => entry.name).toSorted();
  const backends = new Map<string, GitBackend>();
  let repository: TemporaryRepository;

  beforeAll(async () => {
    for (const { name, open } of BACKENDS_UNDER_TEST) backends.set(name, open());
    repository = await TemporaryRepository.create({ objectFormat: "sha256" });
  });

  afterAll(async () => {
    for (const backend of backends.values()) await backend.close();
    await repository[Symbol.asyncDispose]();
  });

  test("shell and the router have them all, under the same names", () => {
    for (const name of ["shell", "routed"]) {
      expect(namesOf(backends.get(name)!)).toEqual(names);
      expect([...backends.get(name)!.supports].toSorted()).toEqual(names);
    }
  });

  test("libgit2 declares nothing that is not among them", () => {
    for (const name of backends.get("libgit2")!.supports) expect(names).toContain(name);
  });

  test("libgit2 says unsupported to every method for SHA-256", async () => {
    const backend = backends.get("libgit2")!;
    const view = { gitDir: repository.path, objectFormat: "sha256" };
    // What a quarantine left must go, whatever the format.
    for (const entry of METHOD_ENTRIES.filter(
      ({ name }) => backend.supports.has(name) && name !== "quarantine.discard",
    )) {
      const ask = async () => {
        const answer = methodOf(backend, entry)(
          { ...view, quarantineDir: `${repository.path}-quarantine` },
          "a".repeat(64),
          [],
          {},
        );
        if (answer instanceof Promise) await answer;
        else for await (const _ of answer as AsyncIterable<unknown>) break;
      };
      const error = await ask().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect({ method: entry.name, unsupported: hasReason(error, "unsupported") }).toEqual({
        method: entry.name,
        unsupported: true,
      });
    }
  });
});
