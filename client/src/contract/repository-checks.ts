import { deepEqual, equal, match } from "node:assert/strict";
import { ConflictError, NotFoundError } from "../errors.ts";
import { changing, type ContractCheck, reading } from "./contract-check.ts";
import { rejection } from "./expectations.ts";
import { created, filesAt, start, tipOf, write } from "./written-repository.ts";

/** Repositories: made, seen, removed. */
export const REPOSITORY_CHECKS: readonly ContractCheck[] = [
  reading("create, exists, remove", async ({ adapter, repo }) => {
    equal(await adapter.repoExists(repo), false);
    await adapter.createRepo(repo);
    equal(await adapter.repoExists(repo), true);
    await adapter.removeRepo(repo);
    equal(await adapter.repoExists(repo), false);
  }),

  reading("a repository that exists is not made again", async ({ adapter, repo }) => {
    await adapter.createRepo(repo);
    await rejection(adapter.createRepo(repo), ConflictError);
  }),

  reading("a repository that is not there cannot be removed", async ({ adapter, repo }) => {
    await rejection(adapter.removeRepo(repo), NotFoundError);
  }),

  reading("an empty repository has no branches and no tags", async ({ adapter, repo }) => {
    await adapter.createRepo(repo);
    deepEqual(await adapter.listBranches(repo), []);
    deepEqual(await adapter.listTags(repo), []);
    equal(await adapter.findBranch(repo, "main"), null);
    equal(await adapter.findTag(repo, "v1.0"), null);
    equal(await adapter.findCommit(repo, "main"), null);
  }),

  changing("a repository that was removed is made anew, empty", async (context) => {
    const { adapter, repo } = context;
    await start(context);
    await adapter.removeRepo(repo);
    await adapter.createRepo(repo);
    deepEqual(await adapter.listBranches(repo), []);
  }),

  changing("the default branch is where new branches start", async (context) => {
    const { adapter, repo } = context;
    await adapter.createRepo(repo, { defaultBranch: "trunk" });
    const first = await write(context, created({ "a.txt": "a\n" }), { branch: "trunk" });
    const second = await write(context, created({ "b.txt": "b\n" }), { branch: "topic" });
    deepEqual((await adapter.findCommit(repo, second))?.parentIds, [first]);
    deepEqual(await filesAt(context, "topic"), ["a.txt", "b.txt"]);
    equal(await tipOf(context, "trunk"), first);
  }),

  changing(
    "a repository of SHA-256",
    async (context) => {
      const { adapter, repo, user } = context;
      await adapter.createRepo(repo, { objectFormat: "sha256" });
      const id = await write(context, created({ "a.txt": "a\n" }));
      match(id, /^[0-9a-f]{64}$/);
      const commit = await adapter.findCommit(repo, "main");
      equal(commit?.id, id);
      match(commit?.treeId ?? "", /^[0-9a-f]{64}$/);
      await rejection(
        adapter.updateReferences(repo, {
          user,
          updates: [{ ref: "refs/heads/main", oldId: "0".repeat(64), newId: id }],
        }),
        ConflictError,
      );
      await adapter.updateReferences(repo, {
        user,
        updates: [{ ref: "refs/heads/other", oldId: "0".repeat(64), newId: id }],
      });
      equal(await tipOf(context, "other"), id);
    },
    "sha256",
  ),
];
