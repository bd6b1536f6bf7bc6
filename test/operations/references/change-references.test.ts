import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  createReference,
  deleteReference,
  getReference,
  listEvents,
  moveReference,
  renameReference,
} from "../../../src/operations/index.ts";
import { BACKENDS, failure, OperationStory } from "../../support/operation-story.ts";

const MAIN = "refs/heads/main";
const TOPIC = "refs/heads/topic";
const ZERO = "0".repeat(40);

for (const backend of BACKENDS) {
  let story: OperationStory;
  let [first, second] = ["", ""];
  beforeEach(async () => {
    story = await OperationStory.open(backend);
    first = await story.commit({ a: "1" });
    second = await story.commit({ b: "2" });
  });
  afterEach(() => story.close());

  describe("getReference", () => {
    test(`reads what is shown to those who fetch (${backend})`, async () => {
      await story.git("update-ref", "refs/keep-around/x", first);
      expect(await story.run(getReference, { name: MAIN })).toMatchObject({ name: MAIN, oid: second });
      for (const name of [TOPIC, "refs/keep-around/x"])
        await failure(story.run(getReference, { name }), "reference_not_found");
      for (const name of ["main", "HEAD", "refs/heads/a..b", ""])
        await failure(story.run(getReference, { name }), "invalid_reference_name");
    });
  });

  describe("createReference", () => {
    test(`makes branches of commits and tags of anything, once (${backend})`, async () => {
      expect(await story.run(createReference, { name: TOPIC, rev: "main~1" })).toEqual({ name: TOPIC, oid: first });
      await failure(story.run(createReference, { name: TOPIC, rev: "main" }), "reference_exists");
      await story.run(createReference, { name: "refs/tags/blob", rev: "main:a" });
      await failure(story.run(createReference, { name: "refs/heads/blob", rev: "main:a" }), "not_a_commit");
      await failure(story.run(createReference, { name: `${TOPIC}/below`, rev: "main" }), "reference_name_conflict");
      await failure(story.run(createReference, { name: "refs/heads/x", rev: "none" }), "revision_not_found");
      await failure(story.run(createReference, { name: "refs/holdfast/x", rev: "main" }), "reference_protected");
      expect(Object.keys(await story.references())).toEqual([MAIN, TOPIC, "refs/tags/blob"]);
    });
  });

  describe("moveReference", () => {
    test(`moves forward, elsewhere only by force, and only what it expects (${backend})`, async () => {
      await story.run(createReference, { name: TOPIC, rev: "main~1" });
      const move = (rev: string, more = {}) => story.run(moveReference, { name: TOPIC, rev, ...more });
      expect(await move("main")).toEqual({ name: TOPIC, oid: second, oldOid: first });
      await failure(move(first), "non_fast_forward");
      expect((await failure(move(first, { expectedOid: first }), "reference_mismatch")).details).toEqual({
        reference: TOPIC,
        expected: first,
        actual: second,
      });
      expect(await move(first, { force: true, expectedOid: second })).toMatchObject({ oid: first });
      await failure(story.run(moveReference, { name: "refs/heads/none", rev: "main" }), "reference_not_found");
      expect((await story.references())[TOPIC]).toBe(first);
    });
  });

  describe("deleteReference", () => {
    test(`deletes what is there, if it is what it expects (${backend})`, async () => {
      await story.run(createReference, { name: TOPIC, rev: "main" });
      await failure(story.run(deleteReference, { name: TOPIC, expectedOid: first }), "reference_mismatch");
      await failure(story.run(deleteReference, { name: TOPIC, expectedOid: "x" }), "invalid_object_id");
      expect(await story.run(deleteReference, { name: TOPIC, expectedOid: second })).toEqual({ oldOid: second });
      await failure(story.run(deleteReference, { name: TOPIC }), "reference_not_found");
      expect(await story.references()).toEqual({ [MAIN]: second });
    });

    test(`keeps the default branch, and branches where no push may delete any (${backend})`, async () => {
      await story.run(createReference, { name: TOPIC, rev: "main" });
      await failure(story.run(deleteReference, { name: MAIN }), "reference_protected");
      await story.git("config", "receive.denyDeletes", "true");
      await failure(story.run(deleteReference, { name: TOPIC }), "reference_protected");
      await story.git("config", "receive.denyDeletes", "false");
      await story.git("config", "receive.denyDeleteCurrent", "ignore");
      await story.run(deleteReference, { name: MAIN });
      expect(await story.references()).toEqual({ [TOPIC]: second });
    });
  });

  describe("renameReference", () => {
    test(`gives another name, and HEAD follows (${backend})`, async () => {
      await story.run(createReference, { name: TOPIC, rev: "main" });
      const rename = (name: string, newName: string, more = {}) =>
        story.run(renameReference, { name, newName, ...more });
      await failure(rename(TOPIC, MAIN), "reference_exists");
      await failure(rename(TOPIC, "refs/heads/x", { expectedOid: ZERO }), "reference_mismatch");
      await failure(rename("refs/heads/none", "refs/heads/x"), "reference_not_found");
      await rename(TOPIC, "refs/heads/topic2");
      await rename(MAIN, "refs/heads/trunk");
      expect(await story.references()).toEqual({ "refs/heads/topic2": second, "refs/heads/trunk": second });
      expect(await story.git("symbolic-ref", "HEAD")).toBe("refs/heads/trunk");
      // Both names cannot be there at once, not even for a moment: nothing has changed.
      await failure(rename("refs/heads/trunk", "refs/heads/trunk/below"), "reference_name_conflict");
      expect(await story.git("symbolic-ref", "HEAD")).toBe("refs/heads/trunk");
      expect(Object.keys(await story.references())).toEqual(["refs/heads/topic2", "refs/heads/trunk"]);
    });

    test(`of the default branch is one change, which others see as one (${backend})`, async () => {
      const { engine, caller } = story.test;
      const told = async () => {
        const names: string[] = [];
        for await (const batch of engine.run(listEvents, {}, caller)) names.push(...batch.map(({ event }) => event));
        return names;
      };
      const before = await told();
      await story.run(renameReference, { name: MAIN, newName: "refs/heads/trunk" });
      expect((await told()).slice(before.length)).toEqual([
        "branch_created",
        "push",
        "ref_updated",
        "default_branch_changed",
        "branch_deleted",
        "ref_updated",
      ]);
    });

    test(`leaves all as it was when the default branch may not lose its name, and asks who may set it (${backend})`, async () => {
      const rename = (caller = story.test.caller) =>
        story.test.engine.run(
          renameReference,
          { repository: story.repository, name: MAIN, newName: "refs/heads/trunk" },
          caller,
        );
      const { identity } = story.test;
      const bob = await identity.users.create({ name: "bob", isAdmin: false });
      await identity.repositories.setCollaborator(story.repository, "bob", "read-write");
      const user = { id: bob.id, isAdmin: false };
      await failure(rename(story.test.as({ kind: "user", name: "bob", user })), "forbidden");
      const rule = { pattern: MAIN, noForce: false, noDelete: true, appliesToService: true };
      await identity.protections.set(story.repository, rule);
      await failure(rename(), "reference_protected");
      expect(await story.references()).toEqual({ [MAIN]: second });
      expect(await story.git("symbolic-ref", "HEAD")).toBe(MAIN);
    });
  });
}
