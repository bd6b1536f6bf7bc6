import { deepEqual, equal } from "node:assert/strict";
import { ConflictError, NotFoundError, ValidationError } from "../errors.ts";
import { changing, type ContractCheck, reading } from "./contract-check.ts";
import { rejection, rejectionOf } from "./expectations.ts";
import { ABSENT_ID, created, start, tipOf, write } from "./written-repository.ts";

/** Branches: made, found, listed, deleted. */
export const BRANCH_CHECKS: readonly ContractCheck[] = [
  changing("create and find a branch", async (context) => {
    const { adapter, repo, user } = context;
    const id = await start(context);
    const branch = await adapter.createBranch(repo, { name: "topic", startPoint: "main", user });
    equal(branch.name, "topic");
    equal(branch.commit.id, id);
    deepEqual(await adapter.findBranch(repo, "topic"), branch);
  }),

  changing("a branch starts at an id, at a tag, at an ancestor", async (context) => {
    const { adapter, repo, user } = context;
    const first = await start(context);
    const second = await write(context, created({ "b.txt": "b\n" }));
    await adapter.createTag(repo, { name: "v1", target: first, message: "One", user });
    const startAt = async (name: string, startPoint: string) =>
      (await adapter.createBranch(repo, { name, startPoint, user })).commit.id;
    equal(await startAt("by-id", second), second);
    equal(await startAt("by-tag", "v1"), first);
    equal(await startAt("by-ancestor", "main~1"), first);
  }),

  changing("names are short, with slashes and beyond ASCII", async (context) => {
    const { adapter, repo, user } = context;
    const id = await start(context);
    for (const name of ["feature/one", "größe", "日本語/枝"]) {
      equal((await adapter.createBranch(repo, { name, startPoint: id, user })).name, name);
      equal((await adapter.findBranch(repo, name))?.name, name);
    }
    const names = (await adapter.listBranches(repo)).map(({ name }) => name);
    deepEqual(names, ["feature/one", "größe", "main", "日本語/枝"]);
  }),

  changing("branches are listed by name, many of them", async (context) => {
    const { adapter, repo, user } = context;
    const newId = await start(context);
    const names = Array.from({ length: 60 }, (_, index) => `b-${String(index).padStart(2, "0")}`);
    const updates = names.toReversed().map((name) => ({ ref: `refs/heads/${name}`, newId }));
    await adapter.updateReferences(repo, { user, updates });
    const branches = await adapter.listBranches(repo);
    deepEqual(
      branches.map(({ name }) => name),
      [...names, "main"],
    );
    deepEqual(new Set(branches.map(({ commit }) => commit.id)), new Set([newId]));
    equal(branches[0]?.commit.subject, "First commit");
  }),

  changing("a branch that exists is not made again", async (context) => {
    const { adapter, repo, user } = context;
    const first = await start(context);
    const second = await write(context, created({ "b.txt": "b\n" }));
    await rejection(adapter.createBranch(repo, { name: "main", startPoint: first, user }), ConflictError);
    equal(await tipOf(context, "main"), second);
  }),

  changing("a branch cannot lie below another", async (context) => {
    const { adapter, repo, user } = context;
    const startPoint = await start(context);
    await rejection(adapter.createBranch(repo, { name: "main/below", startPoint, user }), ConflictError);
    equal(await adapter.findBranch(repo, "main/below"), null);
  }),

  changing("a branch needs a start point that exists", async (context) => {
    const { adapter, repo, user } = context;
    await start(context);
    for (const startPoint of ["nowhere", ABSENT_ID, "main~7"])
      await rejectionOf(startPoint, adapter.createBranch(repo, { name: "topic", startPoint, user }), NotFoundError);
    equal(await adapter.findBranch(repo, "topic"), null);
  }),

  changing("a branch needs a name that Git takes", async (context) => {
    const { adapter, repo, user } = context;
    const startPoint = await start(context);
    for (const name of ["", "two..dots", "with space", "end.lock", "a//b"])
      await rejectionOf(`"${name}"`, adapter.createBranch(repo, { name, startPoint, user }), ValidationError);
  }),

  reading("a branch that is not there is null", async ({ adapter, repo }) => {
    await adapter.createRepo(repo);
    equal(await adapter.findBranch(repo, "nowhere"), null);
  }),

  changing("the beginning of a branch's name is no branch", async (context) => {
    const { adapter, repo, user } = context;
    const startPoint = await start(context);
    await adapter.createBranch(repo, { name: "feature/one", startPoint, user });
    equal(await adapter.findBranch(repo, "feature"), null);
    equal(await adapter.findBranch(repo, "one"), null);
  }),

  changing("a branch has no empty name", async (context) => {
    await start(context);
    await rejection(context.adapter.findBranch(context.repo, ""), ValidationError);
  }),

  changing("delete a branch", async (context) => {
    const { adapter, repo, user } = context;
    const startPoint = await start(context);
    await adapter.createBranch(repo, { name: "topic", startPoint, user });
    await adapter.deleteBranch(repo, { name: "topic", user });
    equal(await adapter.findBranch(repo, "topic"), null);
    deepEqual(
      (await adapter.listBranches(repo)).map(({ name }) => name),
      ["main"],
    );
    await rejection(adapter.deleteBranch(repo, { name: "topic", user }), NotFoundError);
  }),

  changing("a branch is deleted only where it is expected", async (context) => {
    const { adapter, repo, user } = context;
    const first = await start(context);
    await adapter.createBranch(repo, { name: "topic", startPoint: first, user });
    const second = await write(context, created({ "b.txt": "b\n" }), { branch: "topic" });
    await rejection(adapter.deleteBranch(repo, { name: "topic", user, expectedOldId: first }), ConflictError);
    equal(await tipOf(context, "topic"), second);
    await adapter.deleteBranch(repo, { name: "topic", user, expectedOldId: second });
    equal(await tipOf(context, "topic"), undefined);
  }),
];
