import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import { addKey } from "../../src/operations/keys/add-key.ts";
import { listKeys } from "../../src/operations/keys/list-keys.ts";
import { removeKey } from "../../src/operations/keys/remove-key.ts";
import { createToken } from "../../src/operations/tokens/create-token.ts";
import { listTokens } from "../../src/operations/tokens/list-tokens.ts";
import { revokeToken } from "../../src/operations/tokens/revoke-token.ts";
import { createUser } from "../../src/operations/users/create-user.ts";
import { deleteUser } from "../../src/operations/users/delete-user.ts";
import { listUsers } from "../../src/operations/users/list-users.ts";
import { renameUser } from "../../src/operations/users/rename-user.ts";
import { setUserAdmin } from "../../src/operations/users/set-user-admin.ts";
import { showUser } from "../../src/operations/users/show-user.ts";
import { whoAmI } from "../../src/operations/users/who-am-i.ts";
import { AccountStory } from "../support/account-story.ts";
import { failure } from "../support/operation-story.ts";
import { makeSshKey } from "../support/ssh-keys.ts";
import { DATABASES } from "../support/test-databases.ts";
import { ANONYMOUS } from "../support/test-identity.ts";

let story: AccountStory;
let bob: Principal;

const KEY = makeSshKey("ed25519", undefined, "bob's laptop");

for (const kind of DATABASES) {
  describe(`on ${kind}`, () => {
    beforeEach(async () => {
      story = await AccountStory.open(kind);
      bob = await story.user("bob");
    });
    afterEach(() => story.close());

    describe("createUser", () => {
      test("makes an account, once", async () => {
        const input = { name: "carol", isAdmin: true, displayName: "Carol ☺", email: "carol@example.com" };
        const made = await story.run(createUser, input);
        expect(made).toMatchObject(input);
        expect(await story.run(showUser, { user: "carol" })).toEqual(made);
        await failure(story.run(createUser, input), "user_exists");
        expect(await story.adminEvents()).toEqual([["user_created", expect.objectContaining({ user: "carol" })]]);
      });
    });

    describe("listUsers", () => {
      test("names all, the built-in administrator among them", async () => {
        const found = await story.list(listUsers, {});
        expect(found.map(({ name, isAdmin }) => [name, isAdmin])).toEqual([
          ["admin", true],
          ["bob", false],
        ]);
      });
    });

    describe("showUser", () => {
      test("shows a user himself, and administrators anybody", async () => {
        expect((await story.run(showUser, {}, bob)).name).toBe("bob");
        expect((await story.run(showUser, { user: "bob" }, await story.user("root", true))).name).toBe("bob");
        await failure(story.run(showUser, { user: "nobody" }), "user_not_found");
        await failure(story.run(showUser, {}), "invalid_input");
      });
    });

    describe("deleteUser", () => {
      test("ends an account; its repositories stay without an owner", async () => {
        const repository = await story.repository("bob/it", bob, true);
        await story.run(deleteUser, { user: "bob" });
        await failure(story.run(deleteUser, { user: "bob" }), "user_not_found");
        expect(await story.test.identity.repositories.find(repository)).toEqual({ private: true, description: "" });
        expect((await story.adminEvents()).at(-1)).toEqual(["user_deleted", expect.objectContaining({ user: "bob" })]);
        await failure(story.run(deleteUser, { user: "admin" }), "user_built_in");
      });
    });

    describe("setUserAdmin", () => {
      test("gives and takes rights at once", async () => {
        await story.run(setUserAdmin, { user: "bob", isAdmin: true });
        expect((await story.list(listUsers, {}, bob)).length).toBe(2);
        await story.run(setUserAdmin, { user: "bob", isAdmin: false });
        await failure(story.list(listUsers, {}, bob), "forbidden");
      });
    });

    describe("renameUser", () => {
      test("gives a user another name; what was his stays his", async () => {
        await story.repository("bob/it", bob, true);
        expect(await story.run(renameUser, { newName: "robert" }, bob)).toEqual({ name: "robert" });
        await failure(story.run(showUser, { user: "bob" }), "user_not_found");
        const record = await story.test.identity.repositories.find({ storage: "default", relativePath: "bob/it.git" });
        expect(record.owner).toBe("robert");
        await failure(story.run(renameUser, { user: "robert", newName: "admin" }), "user_exists");
        await failure(story.run(renameUser, { user: "robert", newName: "a/b" }), "invalid_input");
      });
    });

    describe("whoAmI", () => {
      test("tells callers who they are", async () => {
        const { fingerprint } = await story.run(addKey, { key: KEY.line }, bob);
        expect(await story.run(whoAmI, {}, bob)).toEqual({
          kind: "user",
          name: "bob",
          isAdmin: false,
          access: "read-only",
          keys: [fingerprint],
        });
        const narrow = { ...bob, token: { id: 7, access: "read", repositories: ["bob/*"] } } as const;
        expect((await story.run(whoAmI, {}, narrow)).token).toEqual({
          id: 7,
          access: "read",
          repositories: ["bob/*"],
        });
        expect(await story.run(whoAmI, {}, ANONYMOUS)).toMatchObject({ kind: "anonymous", keys: [] });
      });
    });

    describe("addKey", () => {
      test("registers a key, with the fingerprint that ssh-keygen prints", async () => {
        const added = await story.run(addKey, { user: "bob", key: KEY.line });
        expect(added).toMatchObject({ user: "bob", fingerprint: KEY.fingerprint, comment: "bob's laptop" });
        await failure(story.run(addKey, { user: "admin", key: KEY.line }), "key_exists");
        await failure(story.run(addKey, { user: "bob", key: "ssh-ed25519 nonsense" }), "invalid_input");
        await failure(story.run(addKey, { user: "bob", key: makeSshKey("rsa", 1024).line }), "invalid_input");
      });
    });

    describe("listKeys", () => {
      test("lists a user's keys as lines of authorized_keys", async () => {
        await story.run(addKey, { user: "bob", key: KEY.line });
        expect((await story.list(listKeys, {}, bob)).map(({ line }) => line)).toEqual([KEY.line]);
        expect(await story.list(listKeys, { user: "admin" })).toEqual([]);
      });
    });

    describe("removeKey", () => {
      test("removes a key by fingerprint, id or line", async () => {
        for (const name of ["fingerprint", "id", "line"] as const) {
          const added = await story.run(addKey, { user: "bob", key: KEY.line });
          await story.run(removeKey, { user: "bob", key: String(added[name]) });
          expect(await story.list(listKeys, { user: "bob" })).toEqual([]);
        }
        await failure(story.run(removeKey, { user: "bob", key: KEY.fingerprint }), "key_not_found");
        expect((await story.adminEvents()).map(([event]) => event).slice(-2)).toEqual(["key_added", "key_removed"]);
      });
    });

    describe("createToken", () => {
      test("tells the secret once, and it opens what it says", async () => {
        const input = { name: "ci", access: "read", repositories: ["bob/*"], refs: ["refs/heads/*"] } as const;
        const made = await story.run(createToken, { ...input, repositories: ["bob/*"], refs: ["refs/heads/*"] }, bob);
        expect(made).toMatchObject({ ...input, user: "bob" });
        expect(made.token).toMatch(/^hft_/);
        expect((await story.test.authenticator.token(made.token)).token).toMatchObject({ access: "read" });
        expect(JSON.stringify(await story.list(listTokens, {}, bob))).not.toContain(made.token);
        expect(JSON.stringify(await story.adminEvents())).not.toContain(made.token);
        await failure(story.run(createToken, { user: "bob", name: "x", refs: ["main"] }), "invalid_input");
        await failure(story.run(createToken, { name: "x" }), "invalid_input");
      });
    });

    describe("listTokens", () => {
      test("lists a user's own, in the order they were made", async () => {
        for (const name of ["one", "two"]) await story.run(createToken, { name }, bob);
        const found = await story.list(listTokens, {}, bob);
        expect(found.map(({ name, access }) => [name, access])).toEqual([
          ["one", "write"],
          ["two", "write"],
        ]);
        expect(await story.list(listTokens, { user: "admin" })).toEqual([]);
      });
    });

    describe("revokeToken", () => {
      test("ends a token", async () => {
        const { id, token } = await story.run(createToken, { name: "ci" }, bob);
        expect((await story.run(revokeToken, { token: String(id) }, bob)).name).toBe("ci");
        await failure(story.test.authenticator.token(token), "unauthenticated");
        await failure(story.run(revokeToken, { token: "ci" }, bob), "token_not_found");
        expect((await story.adminEvents()).at(-1)?.[0]).toBe("token_revoked");
      });
    });
  });
}
