import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Caller, Principal } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { Oid } from "../../src/domain/oid.ts";
import { commitFiles } from "../../src/operations/commits/commit-files.ts";
import { listProtections } from "../../src/operations/protections/list-protections.ts";
import { protectReference } from "../../src/operations/protections/protect-reference.ts";
import { unprotectReference } from "../../src/operations/protections/unprotect-reference.ts";
import { updateReferences } from "../../src/operations/references/update-references.ts";
import { BACKENDS, failure, OperationStory } from "../support/operation-story.ts";
import { collect } from "../support/collect.ts";
import { withToken } from "../support/test-identity.ts";

const ZERO = "0".repeat(40);
const MAIN = "refs/heads/main";

let story: OperationStory;
let repository: RepositoryRef;
let alice: Principal;
let first: Oid;
let second: Oid;
let aside: Oid;

for (const backend of BACKENDS) {
  describe(`over ${backend}`, () => {
    beforeEach(async () => {
      story = await OperationStory.open(backend);
      ({ repository } = story);
      const { id } = await story.test.identity.users.create({ name: "alice", isAdmin: false });
      alice = { kind: "user", name: "alice", user: { id, isAdmin: false } };
      await story.test.identity.repositories.setCollaborator(repository, "alice", "admin-access");
      first = await story.commit({ a: "1" });
      aside = await story.commit({ c: "3" }, { branch: "aside", startBranch: "main" });
      second = await story.commit({ b: "2" });
    });
    afterEach(() => story.close());

    const protect = (rule: object) =>
      story.run(protectReference, { pattern: MAIN, ...rule } as { pattern: string; noForce?: boolean });
    const move = (name: string, newOid: Oid, caller: Caller = story.test.caller, expectedOid?: Oid) =>
      story.test.engine.run(
        updateReferences,
        { repository, changes: [{ name, newOid, ...(expectedOid === undefined ? {} : { expectedOid }) }] },
        caller,
      );
    const refused = async (moved: Promise<unknown>) => (await failure(moved, "reference_protected")).details.problem;
    const as = (principal: Principal) => story.test.as(principal);

    describe("protectReference", () => {
      test("no force: only fast-forwards", async () => {
        await protect({ noForce: true });
        expect(await refused(move(MAIN, aside))).toBe("this reference may only be fast-forwarded");
        expect(await refused(move(MAIN, first, as(alice), second))).toBe("this reference may only be fast-forwarded");
        const next = await story.commit({ d: "4" });
        await move(MAIN, ZERO);
        await move(MAIN, next);
        await move("refs/heads/aside", first);
        expect((await story.references())[MAIN]).toBe(next);
      });

      test("no force holds for a commit that only the quarantine has", async () => {
        await protect({ noForce: true });
        await story.commit({ e: "5" });
        const input = {
          repository,
          branch: "main",
          message: Buffer.from("x"),
          committer: PERSON,
          startBranch: "aside",
        };
        const forced = story.test.engine.run(commitFiles, { ...input, force: true }, as(alice), noParts());
        await refused(forced);
      });

      test("no force: a tag that is made anew is no fast-forward, wherever it points", async () => {
        await protect({ pattern: "refs/tags", noForce: true });
        await story.git("tag", "-a", "-m", "one", "v1", first);
        const one = await story.git("rev-parse", "v1");
        await story.git("tag", "-f", "-a", "-m", "two", "other", second);
        const two = await story.git("rev-parse", "other");
        expect(await refused(move("refs/tags/v1", two))).toBe("this reference may only be fast-forwarded");
        await refused(move("refs/tags/v1", second));
        await refused(move("refs/tags/v1", await story.git("rev-parse", `${first}^{tree}`)));
        await move("refs/tags/v1", one);
        await move("refs/tags/light", first);
        await move("refs/tags/light", second);
      });

      test("no deletion", async () => {
        await protect({ noDelete: true });
        expect(await refused(move(MAIN, ZERO))).toBe("this reference may not be deleted");
        await move(MAIN, aside);
      });

      test("only some users: by account, and over the Gitaly protocol by the name that comes along", async () => {
        await protect({ users: ["alice", "jane"] });
        const service = story.test.caller;
        expect(await refused(move(MAIN, aside))).toBe("only some users may change this reference");
        const actor = {
          id: "user-1",
          username: "jane",
          name: Buffer.from("Jane"),
          email: Buffer.from("j@example.com"),
        };
        await move(MAIN, aside, { ...service, actor });
        await refused(move(MAIN, second, { ...service, actor: { ...actor, username: "mallory" } }));
        await refused(move(MAIN, second, as({ kind: "control", name: "control" })));
        const { id } = await story.test.identity.users.create({ name: "root", isAdmin: true });
        await refused(move(MAIN, second, as({ kind: "user", name: "root", user: { id, isAdmin: true } })));
        await move(MAIN, second, as(alice));
      });

      test("the Gitaly protocol is left alone where the rule says so", async () => {
        await protect({ noDelete: true, appliesToService: false });
        await refused(move(MAIN, ZERO, as(alice)));
        await move(MAIN, ZERO);
      });

      test("patterns: a glob reaches below slashes, a name all below it", async () => {
        await protect({ pattern: "refs/heads/release/*", noDelete: true });
        await protect({ pattern: "refs/tags", noDelete: true });
        for (const name of ["refs/heads/release/1/x", "refs/tags/v1", "refs/tags/a/b"]) {
          await move(name, first);
          await refused(move(name, ZERO));
        }
        await move("refs/heads/releases", first);
        await move("refs/heads/releases", ZERO);
      });

      test("a symbolic reference is no way round", async () => {
        await protect({ noForce: true, users: ["alice"] });
        await story.git("symbolic-ref", "refs/heads/alias", MAIN);
        await refused(move("refs/heads/alias", aside));
        await refused(move("refs/heads/alias", aside, as(alice)));
        const many = Array.from({ length: 20 }, (_, at) => ({ name: `refs/heads/new-${at}`, newOid: first }));
        await story.run(updateReferences, { changes: many });
        const hidden = [...many, { name: "refs/heads/alias", newOid: aside }];
        await refused(story.run(updateReferences, { changes: hidden }));
        expect((await story.references())[MAIN]).toBe(second);
      });

      test("all or none: one protected reference keeps the others where they are", async () => {
        await protect({ noDelete: true });
        const changes = [
          { name: "refs/heads/aside", newOid: ZERO },
          { name: MAIN, newOid: ZERO },
        ];
        await refused(story.run(updateReferences, { changes }));
        expect(Object.keys(await story.references())).toEqual(["refs/heads/aside", MAIN]);
      });

      test("a rule is one for its pattern, and needs the right to administer", async () => {
        await protect({ noForce: true });
        await protect({ noDelete: true });
        const [rule, ...others] = await collect(story.run(listProtections, {}));
        expect(rule).toEqual({ pattern: MAIN, noForce: false, noDelete: true, appliesToService: true });
        expect(others).toEqual([]);
        await failure(protect({ pattern: "main", noForce: true }), "invalid_input");
        await failure(protect({}), "invalid_input");
        const input = { repository, pattern: MAIN, noForce: true };
        const writer = withToken(alice, { refs: [MAIN] });
        await failure(story.test.engine.run(protectReference, input, as(writer)), "forbidden");
      });
    });

    describe("unprotectReference", () => {
      test("takes a rule away at once", async () => {
        await protect({ noDelete: true });
        await story.run(unprotectReference, { pattern: MAIN });
        await failure(story.run(unprotectReference, { pattern: MAIN }), "protection_not_found");
        await move(MAIN, ZERO);
      });
    });

    describe("listProtections", () => {
      test("names the rules, for those who may write", async () => {
        await protect({ noForce: true, users: ["alice"] });
        const expected = { pattern: MAIN, noForce: true, noDelete: false, users: ["alice"], appliesToService: true };
        expect(await collect(story.run(listProtections, {}))).toEqual([expected]);
        const reader = withToken(alice, { access: "read" });
        await failure(collect(story.test.engine.run(listProtections, { repository }, as(reader))), "forbidden");
      });
    });

    describe("a token for some references", () => {
      test("changes no others, whatever its user may do", async () => {
        const narrow = as(withToken(alice, { refs: ["refs/heads/aside", "refs/heads/topic/*"] }));
        await move("refs/heads/aside", second, narrow);
        await move("refs/heads/topic/a/b", first, narrow);
        expect(await refused(move(MAIN, aside, narrow))).toBe("the token is not for this reference");
        await refused(move("refs/heads/asides", first, narrow));
        await story.git("symbolic-ref", "refs/heads/topic/alias", MAIN);
        await refused(move("refs/heads/topic/alias", aside, narrow));
        await move(MAIN, aside, as(alice));
      });
    });
  });
}

const PERSON = { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") };

async function* noParts(): AsyncGenerator<never> {}
