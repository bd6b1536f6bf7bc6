import type { Static, TSchema } from "@sinclair/typebox";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Operation } from "../../../src/contract/operation.ts";
import {
  amendCommit,
  closeSession,
  createReference,
  deleteBranch,
  deleteReference,
  moveReference,
  openSession,
  putFile,
  pushSession,
  rebaseBranch,
  renameReference,
  resetSession,
} from "../../../src/operations/index.ts";
import { BACKENDS, failure, OperationStory } from "../../support/operation-story.ts";

const MAIN = "refs/heads/main";
const TOPIC = "refs/heads/topic";

for (const backend of BACKENDS) {
  describe(`what a repository's configuration denies to pushes it denies to the management API (${backend})`, () => {
    let story: OperationStory;
    let [first, second] = ["", ""];
    beforeEach(async () => {
      story = await OperationStory.open(backend);
      first = await story.commit({ a: "1" });
      second = await story.commit({ b: "2" });
      await run(createReference, { name: TOPIC, rev: first });
      await story.commit({ c: "3" }, { branch: "topic" });
    });
    afterEach(() => story.close());

    function run<I extends TSchema, O extends TSchema>(
      operation: Operation<I, O, "call">,
      input: Omit<Static<I>, "repository">,
      door: "rest" | "gitaly" = "rest",
    ): Promise<Static<O>> {
      const { engine, caller } = story.test;
      const whole = { repository: story.repository, ...input } as Static<I>;
      return engine.run(operation, whole, { ...caller, door }) as Promise<Static<O>>;
    }

    const branches = () => story.git("for-each-ref", "refs/heads/");
    const refused = (made: Promise<unknown>) => failure(made, "reference_protected");

    test("receive.denyNonFastForwards: whatever throws commits of a branch away", async () => {
      await story.git("config", "receive.denyNonFastForwards", "true");
      const before = await branches();
      await refused(run(moveReference, { name: MAIN, rev: first, force: true }));
      await refused(run(amendCommit, { branch: "main", message: Buffer.from("other") }));
      await refused(run(rebaseBranch, { branch: "topic", onto: "main" }));
      const { id: session } = await run(openSession, { branch: "main" });
      await run(resetSession, { session, mode: "hard", rev: first });
      await refused(run(pushSession, { session }));
      await run(closeSession, { session });
      expect(await branches()).toEqual(before);
      // What only adds to a branch, what is no branch, and branches that come and go are as ever.
      await run(putFile, { path: "d", content: Buffer.from("4"), branch: "main", message: Buffer.from("m") });
      await run(moveReference, { name: MAIN, rev: second, force: true }, "gitaly");
      await run(createReference, { name: "refs/tags/v1", rev: second });
      await run(moveReference, { name: "refs/tags/v1", rev: first, force: true });
      await run(deleteReference, { name: TOPIC });
      await story.git("config", "receive.denyNonFastForwards", "false");
      await run(moveReference, { name: MAIN, rev: first, force: true });
    });

    test("receive.denyDeletes: branches stay under their names", async () => {
      await story.git("config", "receive.denyDeletes", "true");
      const before = await branches();
      await refused(run(deleteReference, { name: TOPIC }));
      await refused(run(deleteBranch, { branch: "topic" }));
      await refused(run(renameReference, { name: TOPIC, newName: "refs/heads/other" }));
      expect(await branches()).toEqual(before);
      await run(createReference, { name: "refs/tags/v1", rev: second });
      await run(deleteReference, { name: "refs/tags/v1" });
      await run(deleteBranch, { branch: "topic" }, "gitaly");
    });
  });
}
