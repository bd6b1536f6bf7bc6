import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { ConflictError, NotFoundError, ValidationError } from "../errors.ts";
import { changing, type ContractCheck, reading } from "./contract-check.ts";
import { rejection, rejectionOf } from "./expectations.ts";
import { ABSENT_ID, created, start, write } from "./written-repository.ts";

const MANY_TAGS = 50;

/** Tags: made, found, listed, deleted. */
export const TAG_CHECKS: readonly ContractCheck[] = [
  changing("annotated tags", async (context) => {
    const { adapter, repo, user } = context;
    const target = await start(context);
    const tag = await adapter.createTag(repo, { name: "v1.0", target: "main", message: "Version one", user });
    equal(tag.name, "v1.0");
    match(tag.id, /^[0-9a-f]{40}$/);
    notEqual(tag.id, target);
    equal(tag.message, "Version one");
    equal(tag.targetCommit?.id, target);
    const found = await adapter.findTag(repo, "v1.0");
    ok(found !== null, "the tag is found");
    deepEqual([found.name, found.id, found.message], ["v1.0", tag.id, "Version one"]);
    equal(found.targetCommit?.id, target);
    deepEqual([found.tagger?.name, found.tagger?.email], [user.name, user.email]);
  }),

  changing("lightweight tags", async (context) => {
    const { adapter, repo, user } = context;
    const target = await start(context);
    await adapter.createTag(repo, { name: "without", target, user });
    const tag = await adapter.createTag(repo, { name: "light", target, message: "", user });
    equal(tag.id, target);
    for (const name of ["light", "without"]) {
      const found = await adapter.findTag(repo, name);
      ok(found !== null, "the tag is found");
      deepEqual([found.name, found.id, found.targetCommit?.id], [name, target, target]);
      equal(found.message, undefined);
      equal(found.tagger, undefined);
    }
  }),

  changing("find and list tags", async (context) => {
    const { adapter, repo, user } = context;
    const first = await start(context);
    const second = await write(context, created({ "b.txt": "b\n" }));
    await adapter.createTag(repo, { name: "v2", target: second, message: "Two", user });
    await adapter.createTag(repo, { name: "größe/1", target: second, user });
    await adapter.createTag(repo, { name: "v1", target: first, user });
    const tags = await adapter.listTags(repo);
    deepEqual(
      tags.map(({ name, message, targetCommit }) => [name, message, targetCommit?.id]),
      [
        ["größe/1", undefined, second],
        ["v1", undefined, first],
        ["v2", "Two", second],
      ],
    );
    for (const tag of tags) deepEqual(await adapter.findTag(repo, tag.name), tag);
  }),

  changing("tags are listed by name, many of them", async (context) => {
    const { adapter, repo, user } = context;
    const newId = await start(context);
    const names = Array.from({ length: MANY_TAGS }, (_, index) => `t-${String(index).padStart(2, "0")}`);
    const updates = names.toReversed().map((name) => ({ ref: `refs/tags/${name}`, newId }));
    await adapter.updateReferences(repo, { user, updates });
    deepEqual(
      (await adapter.listTags(repo)).map(({ name }) => name),
      names,
    );
  }),

  reading("a tag that is not there is null", async ({ adapter, repo }) => {
    await adapter.createRepo(repo);
    equal(await adapter.findTag(repo, "v1"), null);
  }),

  changing("the beginning of a tag's name is no tag", async (context) => {
    const { adapter, repo, user } = context;
    const target = await start(context);
    await adapter.createTag(repo, { name: "rel/v1", target, user });
    equal(await adapter.findTag(repo, "rel"), null);
    equal(await adapter.findTag(repo, "v1"), null);
  }),

  changing("a tag that exists is not made again", async (context) => {
    const { adapter, repo, user } = context;
    const first = await start(context);
    await adapter.createTag(repo, { name: "v1", target: first, user });
    const second = await write(context, created({ "b.txt": "b\n" }));
    await rejection(adapter.createTag(repo, { name: "v1", target: second, user }), ConflictError);
    await rejection(adapter.createTag(repo, { name: "v1", target: second, message: "x", user }), ConflictError);
    equal((await adapter.findTag(repo, "v1"))?.id, first);
  }),

  changing("a tag needs a target that exists and a name that Git takes", async (context) => {
    const { adapter, repo, user } = context;
    const target = await start(context);
    for (const absent of ["nowhere", ABSENT_ID])
      await rejectionOf(absent, adapter.createTag(repo, { name: "v1", target: absent, user }), NotFoundError);
    for (const name of ["", "two..dots", "with space"])
      await rejectionOf(`"${name}"`, adapter.createTag(repo, { name, target, user }), ValidationError);
    await rejectionOf("find", adapter.findTag(repo, ""), ValidationError);
    deepEqual(await adapter.listTags(repo), []);
  }),

  changing("delete a tag", async (context) => {
    const { adapter, repo, user } = context;
    const target = await start(context);
    await adapter.createTag(repo, { name: "v1", target, message: "One", user });
    await adapter.deleteTag(repo, { name: "v1", user });
    equal(await adapter.findTag(repo, "v1"), null);
    await rejection(adapter.deleteTag(repo, { name: "v1", user }), NotFoundError);
  }),

  changing("a tag is deleted only where it is expected", async (context) => {
    const { adapter, repo, user } = context;
    const first = await start(context);
    const second = await write(context, created({ "b.txt": "b\n" }));
    await adapter.createTag(repo, { name: "v1", target: second, user });
    await rejection(adapter.deleteTag(repo, { name: "v1", user, expectedOldId: first }), ConflictError);
    equal((await adapter.findTag(repo, "v1"))?.id, second);
    await adapter.deleteTag(repo, { name: "v1", user, expectedOldId: second });
    equal(await adapter.findTag(repo, "v1"), null);
  }),
];
