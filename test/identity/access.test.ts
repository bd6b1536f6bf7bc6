import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import { ACCESS_LEVELS, type AccessLevel, allows, higherLevel } from "../../src/domain/access-level.ts";
import { DATABASES } from "../support/test-databases.ts";
import { ANONYMOUS, refOf, SERVICE, TestIdentity, withToken } from "../support/test-identity.ts";

const lowerOf = (a: AccessLevel, b: AccessLevel): AccessLevel => (allows(a, b) ? b : a);

for (const kind of DATABASES) {
  describe(`access on ${kind}`, () => {
    let story: TestIdentity;
    let admin: Principal;
    let owner: Principal;
    let stranger: Principal;
    beforeEach(async () => {
      story = await TestIdentity.open(kind);
      admin = await story.user("root", true);
      owner = await story.user("alice");
      stranger = await story.user("bob");
    });
    afterEach(() => story.close());

    const levelOf = async (principal: Principal, name: string) => story.identity.access.levelOf(principal, refOf(name));
    const mayCreate = async (principal: Principal, name: string) =>
      story.identity.access.mayCreate(principal, refOf(name));

    test("the whole matrix: who, which repository, what anonymous callers may do", async () => {
      await story.repository("alice/public", owner);
      await story.repository("alice/private", owner, true);
      story.there.add("copied/in.git");
      const collaborators: [AccessLevel, Principal][] = [];
      for (const level of ACCESS_LEVELS) {
        const principal = await story.user(`with-${level}`);
        for (const name of ["alice/public", "alice/private"])
          await story.identity.repositories.setCollaborator(refOf(name), principal.name, level);
        collaborators.push([level, principal]);
      }
      for (const anonymous of ACCESS_LEVELS) {
        await story.identity.settings.change({ anonAccess: anonymous });
        const user = higherLevel(anonymous, "read-only");
        const expected: [string, Principal, string, AccessLevel][] = [
          ...["alice/public", "alice/private", "copied/in", "not/there"].flatMap((name) => [
            [`service ${name}`, SERVICE, name, "admin-access"] as [string, Principal, string, AccessLevel],
            [`administrator ${name}`, admin, name, "admin-access"] as [string, Principal, string, AccessLevel],
          ]),
          ["owner public", owner, "alice/public", "admin-access"],
          ["owner private", owner, "alice/private", "admin-access"],
          ["stranger public", stranger, "alice/public", user],
          ["stranger private", stranger, "alice/private", "no-access"],
          ["stranger copied in", stranger, "copied/in", user],
          ["stranger not there", stranger, "not/there", higherLevel(anonymous, "read-write")],
          ["anonymous public", ANONYMOUS, "alice/public", anonymous],
          ["anonymous private", ANONYMOUS, "alice/private", "no-access"],
          ["anonymous copied in", ANONYMOUS, "copied/in", anonymous],
          ["anonymous not there", ANONYMOUS, "not/there", anonymous],
          ["owner, below his name", owner, "alice/new", higherLevel(anonymous, "read-write")],
          ["stranger, below another's name", stranger, "alice/new", "read-only"],
          ["anonymous, below somebody's name", ANONYMOUS, "alice/new", lowerOf(anonymous, "read-only")],
          ...collaborators.flatMap(([level, principal]) => {
            const given = higherLevel(level, anonymous);
            return [
              [`${level} public`, principal, "alice/public", given] as [string, Principal, string, AccessLevel],
              [`${level} private`, principal, "alice/private", given] as [string, Principal, string, AccessLevel],
            ];
          }),
        ];
        for (const [what, principal, name, level] of expected)
          expect([anonymous, what, await levelOf(principal, name)]).toEqual([anonymous, what, level]);
        // Lists are decided by another query: it must not decide otherwise.
        for (const principal of [
          ANONYMOUS,
          admin,
          owner,
          stranger,
          SERVICE,
          ...collaborators.map(([, each]) => each),
        ]) {
          const refs = ["alice/public", "alice/private", "copied/in"].map(refOf);
          const readable = await story.identity.access.readable(principal, refs);
          const one = await Promise.all(
            refs.map(async (ref) => allows(await story.identity.access.levelOf(principal, ref), "read-only")),
          );
          expect([principal.name, readable]).toEqual([principal.name, refs.filter((_, at) => one[at])]);
        }
      }
    });

    test("a token narrows what its user may do", async () => {
      await story.repository("alice/private", owner, true);
      const narrowed = (scope: Parameters<typeof withToken>[1]) => levelOf(withToken(owner, scope), "alice/private");
      expect(await narrowed({ access: "write" })).toBe("admin-access");
      expect(await narrowed({ access: "read" })).toBe("read-only");
      expect(await narrowed({ repositories: ["alice/*"] })).toBe("admin-access");
      expect(await narrowed({ repositories: ["bob/*", "alice/private"] })).toBe("admin-access");
      expect(await narrowed({ repositories: ["bob/*"] })).toBe("no-access");
      expect(await narrowed({ repositories: ["*"] })).toBe("no-access");
      expect(await narrowed({ repositories: ["**"] })).toBe("admin-access");
      expect(await narrowed({ refs: ["refs/heads/*"] })).toBe("read-write");
      expect(await levelOf(withToken(stranger, {}), "alice/private")).toBe("no-access");
      expect(await levelOf(withToken(admin, { access: "read" }), "alice/private")).toBe("read-only");
    });

    test("only a whole token administers the server", async () => {
      const may = async (principal: Principal) => story.identity.access.mayAdministerServer(principal);
      expect(await may(SERVICE)).toBe(true);
      expect(await may(admin)).toBe(true);
      expect(await may(withToken(admin, {}))).toBe(true);
      for (const scope of [{ access: "read" as const }, { repositories: ["**"] }, { refs: ["refs/**"] }])
        expect(await may(withToken(admin, scope))).toBe(false);
      expect(await may(owner)).toBe(false);
      expect(await may(ANONYMOUS)).toBe(false);
    });

    test("a first segment that is a user's name is his", async () => {
      expect(await mayCreate(owner, "alice/new")).toBe(true);
      expect(await mayCreate(owner, "alice/deep/new")).toBe(true);
      expect(await mayCreate(stranger, "alice/new")).toBe(false);
      expect(await mayCreate(admin, "alice/new")).toBe(true);
      expect(await mayCreate(SERVICE, "alice/new")).toBe(true);
      expect(await mayCreate(stranger, "team/new")).toBe(true);
      expect(await mayCreate(stranger, "alice")).toBe(true);
      expect(await mayCreate(ANONYMOUS, "team/new")).toBe(false);
      for (const scope of [{ access: "read" as const }, { repositories: ["bob/*"] }, { refs: ["refs/heads/*"] }])
        expect(await mayCreate(withToken(owner, scope), "alice/new")).toBe(false);
      await story.identity.settings.change({ anonAccess: "read-write" });
      expect(await mayCreate(ANONYMOUS, "team/new")).toBe(true);
      expect(await mayCreate(ANONYMOUS, "alice/new")).toBe(false);
    });

    test("what was asked for once is known without a query, and answered at once", async () => {
      await story.repository("alice/private", owner, true);
      for (const principal of [owner, stranger, ANONYMOUS]) await levelOf(principal, "alice/private");
      await levelOf(stranger, "not/there");
      const { queries } = story;
      const { access } = story.identity;
      expect(access.levelOf(owner, refOf("alice/private"))).toBe("admin-access");
      expect(access.levelOf(stranger, refOf("alice/private"))).toBe("no-access");
      expect(access.levelOf(ANONYMOUS, refOf("alice/private"))).toBe("no-access");
      expect(access.levelOf(stranger, refOf("not/there"))).toBe("read-write");
      expect(story.queries).toBe(queries);
    });

    test("every change is seen by the next question", async () => {
      const ref = await story.repository("alice/it", owner);
      const { repositories, users } = story.identity;
      expect(await levelOf(stranger, "alice/it")).toBe("read-only");
      await repositories.setPrivate(ref, true);
      expect(await levelOf(stranger, "alice/it")).toBe("no-access");
      await repositories.setCollaborator(ref, "bob", "read-write");
      expect(await levelOf(stranger, "alice/it")).toBe("read-write");
      await repositories.setCollaborator(ref, "bob", "read-only");
      expect(await levelOf(stranger, "alice/it")).toBe("read-only");
      await repositories.removeCollaborator(ref, "bob");
      expect(await levelOf(stranger, "alice/it")).toBe("no-access");
      await users.setAdmin("bob", true);
      expect(await levelOf(stranger, "alice/it")).toBe("admin-access");
      await users.setAdmin("bob", false);
      expect(await levelOf(stranger, "alice/it")).toBe("no-access");
      await users.remove("alice");
      expect(await levelOf(owner, "alice/it")).toBe("no-access");
      expect(await repositories.find(ref)).toEqual({ private: true, description: "" });
    });

    test("a new user of an old name has nothing of the one before", async () => {
      await story.repository("alice/private", owner, true);
      await story.identity.users.remove("alice");
      const second = await story.user("alice");
      expect(await levelOf(second, "alice/private")).toBe("no-access");
      expect(await levelOf(admin, "alice/private")).toBe("admin-access");
    });
  });
}
