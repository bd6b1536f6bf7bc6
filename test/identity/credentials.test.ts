import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { BUILT_IN_ADMIN } from "../../src/identity/accounts.ts";
import { parseSshKey } from "../../src/domain/ssh-key.ts";
import { failure } from "../support/operation-story.ts";
import { failureOf } from "../support/failure-of.ts";
import { makeSshKey } from "../support/ssh-keys.ts";
import { DATABASES } from "../support/test-databases.ts";
import { ADMIN_SECRET, ANONYMOUS, TestIdentity } from "../support/test-identity.ts";

const DAY_MS = 86_400_000;
const KEY = makeSshKey("ed25519").line;

for (const kind of DATABASES) {
  describe(`credentials on ${kind}`, () => {
    let story: TestIdentity;
    beforeEach(async () => {
      story = await TestIdentity.open(kind);
      await story.user("bob");
    });
    afterEach(() => story.close());

    const refused = (secret: string) => failure(story.authenticator.token(secret), "unauthenticated");

    test("a token is its user with what it narrows, also after a restart", async () => {
      const scope = { access: "read", repositories: ["bob/*"], refs: ["refs/heads/*"] } as const;
      const { token, secret } = await story.identity.tokens.create("bob", { name: "backup", ...scope });
      expect(secret).toMatch(/^hft_[\w-]{43}$/);
      const principal = await story.authenticator.token(secret);
      expect(principal).toMatchObject({ kind: "user", name: "bob", token: { id: token.id, ...scope } });
      await story.reopen();
      expect(await story.authenticator.token(secret)).toEqual(principal);
      await refused(`${secret}x`);
      await refused("");
      await refused("x".repeat(5000));
    });

    test("a token that was used before is known without a query; a wrong one is not kept", async () => {
      const { secret } = await story.identity.tokens.create("bob", { name: "t", access: "write" });
      await story.authenticator.token(secret);
      const { queries } = story;
      await story.authenticator.token(secret);
      expect(story.queries).toBe(queries);
      await refused("hft_wrong");
      await refused("hft_wrong");
      expect(story.queries).toBe(queries + 2);
    });

    test("a revoked token is refused at once, and what is open with it ends", async () => {
      const { token, secret } = await story.identity.tokens.create("bob", { name: "t", access: "write" });
      const other = await story.identity.tokens.create("bob", { name: "other", access: "write" });
      const ended: string[] = [];
      story.authenticator.onRevoked(await story.authenticator.token(secret), () => ended.push("t"));
      story.authenticator.onRevoked(await story.authenticator.token(other.secret), () => ended.push("other"));
      await story.identity.tokens.revoke("bob", String(token.id));
      await refused(secret);
      expect(ended).toEqual(["t"]);
      expect((await story.authenticator.token(other.secret)).name).toBe("bob");
      expect((await story.identity.tokens.list("bob")).map(({ name }) => name)).toEqual(["other"]);
    });

    test("an expired token is refused", async () => {
      const expiresAtMs = story.clock.nowMs() + DAY_MS;
      const { secret } = await story.identity.tokens.create("bob", { name: "t", access: "write", expiresAtMs });
      story.clock.advance(DAY_MS - 1);
      expect((await story.authenticator.token(secret)).token?.expiresAtMs).toBe(expiresAtMs);
      story.clock.advance(1);
      await refused(secret);
    });

    test("what is open with a token ends when it expires", async () => {
      const expiresAtMs = story.clock.nowMs() + 20;
      const { secret } = await story.identity.tokens.create("bob", { name: "t", access: "write", expiresAtMs });
      const principal = await story.authenticator.token(secret);
      const { promise, resolve } = Promise.withResolvers<void>();
      story.authenticator.onRevoked(principal, resolve);
      story.clock.advance(20);
      await promise;
    });

    test("who no longer listens hears nothing", async () => {
      const { token, secret } = await story.identity.tokens.create("bob", { name: "t", access: "write" });
      const stop = story.authenticator.onRevoked(await story.authenticator.token(secret), () => {
        throw new Error("told though nobody listens");
      });
      stop();
      await story.identity.tokens.revoke("bob", String(token.id));
    });

    test("a token's last use is remembered, written when the server stops", async () => {
      const { secret } = await story.identity.tokens.create("bob", { name: "t", access: "write" });
      const lastUsed = async () => (await story.identity.tokens.list("bob"))[0]?.lastUsedAtMs;
      expect(await lastUsed()).toBeUndefined();
      story.clock.advance(1000);
      await story.authenticator.token(secret);
      expect(await lastUsed()).toBe(story.clock.nowMs());
      await story.reopen();
      expect(await lastUsed()).toBe(story.clock.nowMs());
    });

    test("tokens that make no sense are refused", async () => {
      const create = (more: object) =>
        failure(story.identity.tokens.create("bob", { name: "t", access: "write", ...more }), "invalid_input");
      await create({ name: "" });
      await create({ name: "a\nb" });
      await create({ repositories: [] });
      await create({ repositories: [""] });
      await create({ refs: ["main"] });
      await create({ expiresAtMs: story.clock.nowMs() });
      await failure(story.identity.tokens.create("nobody", { name: "t", access: "write" }), "user_not_found");
    });

    test("a user has so many keys and no more", async () => {
      const add = (last: number) => story.identity.keys.add("bob", numberedKey(last));
      for (let at = 0; at < 200; at++) await add(at);
      await failure(add(200), "limit_exceeded");
      await story.identity.keys.remove("bob", numberedKey(7));
      await add(200);
    });

    test("a token is revoked by its name where no other has it", async () => {
      const { revoke, create } = {
        revoke: (token: string) => story.identity.tokens.revoke("bob", token),
        create: (name: string) => story.identity.tokens.create("bob", { name, access: "read" }),
      };
      await create("one");
      await create("two");
      await create("two");
      expect((await revoke("one")).name).toBe("one");
      await failure(revoke("one"), "token_not_found");
      await failure(revoke("two"), "invalid_input");
      await story.user("carol");
      const { token } = await story.identity.tokens.create("carol", { name: "hers", access: "read" });
      await failure(revoke(String(token.id)), "token_not_found");
    });

    test("the administrator's token is the built-in administrator's", async () => {
      const principal = await story.authenticator.token(ADMIN_SECRET);
      expect(principal).toMatchObject({ kind: "user", name: BUILT_IN_ADMIN, user: { isAdmin: true } });
      expect(principal.token).toBeUndefined();
      await failure(story.identity.users.remove(BUILT_IN_ADMIN), "user_built_in");
      await failure(story.identity.users.setAdmin(BUILT_IN_ADMIN, false), "user_built_in");
      await failure(story.identity.users.rename(BUILT_IN_ADMIN, "boss"), "user_built_in");
    });

    test("a key is its user, until it is removed", async () => {
      const line = `${KEY} bob's key`;
      const { blob } = parseSshKey(line);
      expect(await story.authenticator.publicKey(blob)).toBeUndefined();
      const added = await story.identity.keys.add("bob", line);
      expect(added).toMatchObject({ user: "bob", type: "ssh-ed25519", comment: "bob's key", line });
      await failure(story.identity.keys.add("admin", line), "key_exists");
      const principal = await story.authenticator.publicKey(blob);
      expect(principal).toMatchObject({ kind: "user", name: "bob", key: { fingerprint: added.fingerprint } });
      const ended: string[] = [];
      story.authenticator.onRevoked(principal!, () => ended.push("key"));
      await failure(story.identity.keys.remove("admin", added.fingerprint), "key_not_found");
      expect(await story.identity.keys.remove("bob", line)).toEqual(added);
      expect(ended).toEqual(["key"]);
      expect(await story.authenticator.publicKey(blob)).toBeUndefined();
    });

    test("with a user go his keys and tokens, and what is open in his name", async () => {
      const { secret } = await story.identity.tokens.create("bob", { name: "t", access: "write" });
      await story.identity.keys.add("bob", KEY);
      const { blob } = parseSshKey(KEY);
      const ended: string[] = [];
      story.authenticator.onRevoked(await story.authenticator.token(secret), () => ended.push("token"));
      story.authenticator.onRevoked((await story.authenticator.publicKey(blob))!, () => ended.push("key"));
      await story.identity.users.remove("bob");
      expect(ended).toEqual(["token", "key"]);
      await refused(secret);
      expect(await story.authenticator.publicKey(blob)).toBeUndefined();
      await story.user("bob");
      expect(await story.identity.keys.list("bob")).toEqual([]);
      await refused(secret);
    });

    test("callers without credentials are let in as far as the settings say", async () => {
      expect(story.authenticator.anonymous()).toEqual(ANONYMOUS);
      const ended: string[] = [];
      story.authenticator.onRevoked(story.authenticator.anonymous(), () => ended.push("anonymous"));
      await story.identity.settings.change({ anonAccess: "no-access" });
      expect(ended).toEqual([]);
      await story.identity.settings.change({ allowKeyless: false });
      expect(ended).toEqual(["anonymous"]);
      expect(() => story.authenticator.anonymous()).toThrow("authentication required");
    });

    test("stored settings win over defaults, the configuration over both", async () => {
      const { settings } = story.identity;
      expect(settings.current()).toEqual({ anonAccess: "read-only", allowKeyless: true });
      await settings.change({ anonAccess: "no-access" });
      await settings.change({ anonAccess: "read-write", allowKeyless: false });
      await story.reopen();
      expect(story.identity.settings.current()).toEqual({ anonAccess: "read-write", allowKeyless: false });
      await story.reopen({ anonAccess: "read-only" });
      const configured = story.identity.settings;
      expect(configured.current()).toEqual({ anonAccess: "read-only", allowKeyless: false });
      expect(configured.configured()).toEqual(["anonAccess"]);
      const error = await failureOf(configured.change({ allowKeyless: true, anonAccess: "no-access" }));
      expect(error).toMatchObject({ reason: "setting_configured", details: { setting: "anonAccess" } });
      expect(configured.current().allowKeyless).toBe(false);
      await configured.change({ allowKeyless: true });
      expect(configured.current().allowKeyless).toBe(true);
    });
  });
}

/** An Ed25519 key as it could be: any 32 bytes are one as far as the form goes. */
function numberedKey(number: number): string {
  const blob = Buffer.from(KEY.split(" ")[1] ?? "", "base64");
  blob.writeUInt16BE(number, blob.length - 2);
  return `ssh-ed25519 ${blob.toString("base64")}`;
}
