import type { Static, TSchema } from "@sinclair/typebox";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Operation } from "../../../src/contract/operation.ts";
import type { Principal } from "../../../src/contract/principal.ts";
import { getFile, openSession, resetSession, showCommit } from "../../../src/operations/index.ts";
import { BACKENDS, failure, OperationStory } from "../../support/operation-story.ts";

const ANYBODY: Principal = { kind: "anonymous", name: "anonymous" };

for (const backend of BACKENDS) {
  describe(`what only hidden references hold (${backend})`, () => {
    let story: OperationStory;
    let [shown, hidden, bob, admin] = ["", "", ANYBODY, ANYBODY];
    beforeEach(async () => {
      story = await OperationStory.open(backend);
      shown = await story.commit({ a: "1" });
      hidden = await story.commit({ secret: "2" });
      await story.git("update-ref", "refs/holdfast/sessions/1/head", hidden);
      await story.git("update-ref", "refs/keep-around/1", hidden);
      await story.git("tag", "--annotate", "--message=t", "v1", shown);
      await story.git("update-ref", "refs/heads/main", shown);
      const { identity } = story.test;
      const { id } = await identity.users.create({ name: "bob", isAdmin: false });
      await identity.repositories.setCollaborator(story.repository, "bob", "read-write");
      const root = await identity.users.create({ name: "root", isAdmin: true });
      admin = { kind: "user", name: "root", user: { id: root.id, isAdmin: true } };
      bob = { kind: "user", name: "bob", user: { id, isAdmin: false } };
    });
    afterEach(() => story.close());

    async function run<I extends TSchema, O extends TSchema>(
      operation: Operation<I, O, "call">,
      input: Omit<Static<I>, "repository">,
      principal: Principal,
    ): Promise<Static<O>> {
      const whole = { repository: story.repository, ...input } as Static<I>;
      return (await story.test.engine.run(operation, whole, story.test.as(principal))) as Static<O>;
    }
    const missing = (made: Promise<unknown>) => failure(made, "revision_not_found");
    const guesses = () => [hidden.slice(0, 10), hidden.slice(0, 7).toUpperCase(), `v1-1-g${hidden.slice(0, 8)}`];
    const names = [
      "refs/holdfast/sessions/1/head",
      "holdfast/sessions/1/head",
      "refs/keep-around/1",
      "keep-around/1",
      ":/change",
    ];

    test("is not found by its name, nor by the beginning of its id", async () => {
      for (const principal of [ANYBODY, bob]) {
        for (const rev of [...guesses(), ...names]) {
          await missing(run(showCommit, { rev }, principal));
          await missing(run(getFile, { rev: `${rev}^{tree}`, path: "a" }, principal));
          await missing(run(showCommit, { rev: `${rev}~1` }, principal));
        }
        await missing(run(getFile, { rev: hidden.slice(0, 12), path: "secret" }, principal));
      }
    });

    test("is found by its whole id, and by administrators in every way", async () => {
      expect(await run(showCommit, { rev: hidden }, ANYBODY)).toMatchObject({ commit: { oid: hidden } });
      for (const rev of [...guesses(), ...names.slice(0, 4)])
        expect(await run(showCommit, { rev }, admin)).toMatchObject({ commit: { oid: hidden } });
    });

    test("hides nothing else", async () => {
      await story.git("branch", "keep-around/x", shown);
      await story.git("branch", "abcdef12", shown);
      for (const rev of [shown.slice(0, 8), "v1", "main", "HEAD", "keep-around/x"])
        expect(await run(showCommit, { rev }, ANYBODY)).toMatchObject({ commit: { oid: shown } });
      expect(await run(showCommit, { rev: "abcdef12" }, ANYBODY)).toMatchObject({ commit: { oid: shown } });
      const tag = await story.git("rev-parse", "v1");
      expect(await run(showCommit, { rev: tag.slice(0, 9) }, ANYBODY)).toMatchObject({ commit: { oid: shown } });
    });

    test("does not come into a session that guesses", async () => {
      const { id: session } = await run(openSession, { branch: "main" }, bob);
      for (const rev of guesses()) await missing(run(resetSession, { session, mode: "soft", rev }, bob));
      for (const from of guesses()) await missing(run(openSession, { branch: "other", from }, bob));
      expect(await run(resetSession, { session, mode: "soft", rev: shown.slice(0, 8) }, bob)).toMatchObject({
        commit: shown,
      });
    });
  });
}
