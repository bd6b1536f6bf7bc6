import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import { failure } from "../support/operation-story.ts";
import { failureOf } from "../support/failure-of.ts";
import { DATABASES } from "../support/test-databases.ts";
import { ANONYMOUS, refOf, SERVICE, TestIdentity } from "../support/test-identity.ts";

const CONTROL: Principal = { kind: "control", name: "control" };
const RULE = { pattern: "refs/heads/main", noForce: true, noDelete: false, appliesToService: true };

for (const kind of DATABASES) {
  describe(`records of repositories on ${kind}`, () => {
    let story: TestIdentity;
    let alice: Principal;
    beforeEach(async () => {
      story = await TestIdentity.open(kind);
      alice = await story.user("alice");
      await story.user("bob");
    });
    afterEach(() => story.close());

    const find = (name: string) => story.identity.repositories.find(refOf(name));
    const levelOf = async (principal: Principal, name: string) => story.identity.access.levelOf(principal, refOf(name));

    test("who makes a repository owns it, but below a user's name it is his", async () => {
      await story.repository("team/one", alice, true);
      expect(await find("team/one")).toEqual({ owner: "alice", private: true, description: "" });
      await story.repository("alice/two", CONTROL);
      expect(await find("alice/two")).toMatchObject({ owner: "alice" });
      await story.repository("team/three", CONTROL);
      expect(await find("team/three")).toEqual({ private: false, description: "" });
      await story.repository("alice/four", SERVICE);
      expect(await find("alice/four")).toEqual({ private: false, description: "" });
    });

    test("the record is there before the repository, and gone when that could not be made", async () => {
      const seen: unknown[] = [];
      const record = { principal: alice, private: true, description: "mine" };
      const made = story.identity.repositories.create(refOf("team/it"), record, async () => {
        seen.push(await levelOf(ANONYMOUS, "team/it"), await find("team/it"));
        throw new Error("disk full");
      });
      expect(await failureOf(made)).toEqual(new Error("disk full"));
      expect(seen).toEqual(["no-access", { owner: "alice", private: true, description: "mine" }]);
      expect(await find("team/it")).toEqual({ private: false, description: "" });
    });

    test("of two who make the same, one is told that it exists, and the record is the other's", async () => {
      const bob = {
        kind: "user",
        name: "bob",
        user: { id: (await story.identity.users.find("bob")).id, isAdmin: false },
      };
      const both = await Promise.allSettled([
        story.repository("team/it", alice, true),
        story.repository("team/it", bob as Principal),
      ]);
      expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
      expect(await find("team/it")).toMatchObject({ owner: "alice", private: true });
      await failure(story.repository("team/it", alice), "repository_exists");
      expect(await find("team/it")).toMatchObject({ owner: "alice", private: true });
    });

    test("a record whose repository has gone is replaced by the next of that name", async () => {
      const ref = await story.repository("team/it", alice, true);
      await story.identity.repositories.setCollaborator(ref, "bob", "read-write");
      story.there.clear();
      await story.repository("team/it", SERVICE);
      expect(await find("team/it")).toEqual({ private: false, description: "" });
      expect(await story.identity.repositories.collaborators(ref)).toEqual([]);
    });

    test("a repository that is removed takes its record along; one that could not be keeps it", async () => {
      const ref = await story.repository("team/it", alice, true);
      const failed = story.identity.repositories.remove(ref, async () => {
        throw new Error("locked");
      });
      expect(await failureOf(failed)).toEqual(new Error("locked"));
      expect(await find("team/it")).toMatchObject({ private: true });
      await story.identity.repositories.remove(ref, async () => {
        story.there.clear();
      });
      expect(await find("team/it")).toMatchObject({ private: false });
    });

    test("a repository that is renamed is private in both places all the time", async () => {
      const ref = await story.repository("team/old", alice, true);
      const { repositories, protections } = story.identity;
      await repositories.setDescription(ref, "what it is for");
      await repositories.setCollaborator(ref, "bob", "read-only");
      await protections.set(ref, RULE);
      const seen: unknown[] = [];
      await repositories.rename(ref, refOf("team/new"), alice, async () => {
        seen.push(await levelOf(ANONYMOUS, "team/old"), await levelOf(ANONYMOUS, "team/new"));
        story.there.clear();
        story.there.add("team/new.git");
      });
      expect(seen).toEqual(["no-access", "no-access"]);
      expect(await find("team/new")).toEqual({ owner: "alice", private: true, description: "what it is for" });
      expect(await repositories.collaborators(refOf("team/new"))).toEqual([{ user: "bob", level: "read-only" }]);
      expect(await protections.list(refOf("team/new"))).toEqual([RULE]);
      expect(await find("team/old")).toEqual({ private: false, description: "" });
      await failure(
        repositories.rename(refOf("x"), refOf("team/new"), alice, async () => {}),
        "repository_exists",
      );
      await repositories.rename(refOf("team/new"), refOf("bob/new"), CONTROL, async () => {});
      expect(await find("bob/new")).toMatchObject({ private: false });
    });

    test("a move takes the place of a record whose repository has gone", async () => {
      const stale = await story.repository("team/new", alice, true);
      await story.identity.repositories.setDescription(stale, "stale");
      story.there.clear();
      const ref = await story.repository("team/old", CONTROL);
      const move = async () => {};
      await story.identity.repositories.rename(ref, stale, CONTROL, move);
      expect(await find("team/new")).toEqual({ private: false, description: "" });
    });

    test("a move that fails leaves the record where it was", async () => {
      const ref = await story.repository("team/old", alice, true);
      const failed = story.identity.repositories.rename(ref, refOf("team/new"), alice, async () => {
        throw new Error("locked");
      });
      expect(await failureOf(failed)).toEqual(new Error("locked"));
      expect(await find("team/old")).toMatchObject({ owner: "alice", private: true });
      expect(await find("team/new")).toEqual({ private: false, description: "" });
    });

    test("people give names that hide no door; programs behind the Gitaly protocol give any", async () => {
      for (const name of ["api/x", "a/..", "a/b.git", "-x/y"])
        await failure(story.repository(name, alice), "invalid_input");
      await story.repository("@hashed/ab/cd", SERVICE);
      await failure(story.repository("team/x", ANONYMOUS, true), "unauthenticated");
      await failure(
        story.identity.repositories.create(refOf("team/x"), { principal: alice, description: "a\nb" }, async () => {}),
        "invalid_input",
      );
    });

    test("rules are kept as they were given, and bytes in patterns", async () => {
      const ref = await story.repository("team/it", alice);
      const { protections } = story.identity;
      const bytes = { ...RULE, pattern: "refs/heads/gr\xfcn/*", users: ["alice", "o'brien"], appliesToService: false };
      await protections.set(ref, bytes);
      await protections.set(ref, RULE);
      await protections.set(ref, { ...RULE, noDelete: true });
      await story.reopen();
      const rules = await story.identity.protections.list(ref);
      expect(rules).toContainEqual(bytes);
      expect(rules).toContainEqual({ ...RULE, noDelete: true });
      expect(rules).toHaveLength(2);
      await story.identity.protections.unset(ref, bytes.pattern);
      await failure(story.identity.protections.unset(ref, bytes.pattern), "protection_not_found");
      const refuse = (rule: object) =>
        failure(story.identity.protections.set(ref, { ...RULE, ...rule }), "invalid_input");
      await refuse({ pattern: "main" });
      await refuse({ noForce: false });
    });

    test("a name in a rule goes with the user, and nobody inherits it", async () => {
      const ref = await story.repository("team/it", alice);
      const { protections, users } = story.identity;
      await protections.set(ref, { ...RULE, users: ["bob", "bobby", "b_b"] });
      const named = async () => (await protections.list(ref))[0]?.users;
      await users.rename("bob", "robert");
      expect(await named()).toEqual(["robert", "bobby", "b_b"]);
      await users.remove("robert");
      expect(await named()).toEqual(["bobby", "b_b"]);
    });

    test("users are listed by their bytes, all of them", async () => {
      const names = ["Zoe", "a-b", "a.b", "a_b", "zed", ...Array.from({ length: 600 }, (_, at) => `u${at}`)];
      await Promise.all(names.map((name) => story.user(name)));
      const found: string[] = [];
      for await (const batch of story.identity.users.list()) found.push(...batch.map(({ name }) => name));
      expect(found).toEqual([...names, "alice", "bob", "admin"].sort());
    });

    test("names of users", async () => {
      const refuse = (name: string) => failure(story.user(name), "invalid_input");
      for (const name of ["", "a/b", "api", "anonymous", "service", "x.git", "..", "-x", "a b", "x".repeat(65)])
        await refuse(name);
      for (const name of ["a\0b", "x".repeat(5000), "a/b"])
        await failure(story.identity.users.find(name), "user_not_found");
      await failure(story.user("bob"), "user_exists");
      await failure(story.identity.users.rename("bob", "alice"), "user_exists");
      await failure(story.identity.users.rename("nobody", "x"), "user_not_found");
    });
  });
}
