import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import { ANONYMOUS, CommandStory, NOW_MS } from "../support/command-story.ts";

const LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEEtjo6OMsxoUw7pcmCNpfO8+E6Nb4mPTFqJi4O4NZXG";

let story: CommandStory;
let root: Principal;
let alice: Principal;

beforeAll(async () => {
  story = await CommandStory.open();
  root = await story.user("root", true);
  alice = await story.user("alice");
});

afterAll(() => story.close());

interface Named {
  readonly name: string;
}

describe("user", () => {
  test("create, list, info, set-admin, set-username, delete: for administrators", async () => {
    expect(
      await story.json("user create carol --admin --email c@example.com --display-name Carol of Kent", root),
    ).toMatchObject({ name: "carol", is_admin: true, email: "c@example.com", display_name: "Carol of Kent" });
    expect(await story.refusal("user create carol", root)).toBe("1 user exists already: carol");
    expect(await story.ask("user list", root)).toContain("carol");
    expect(await story.ask("user set-admin carol false", root)).toBe("carol is no administrator");
    expect(await story.json("user info carol", root)).toMatchObject({ is_admin: false, keys: [] });
    expect(await story.ask("user set-username carol caroline", root)).toBe("renamed carol to caroline");
    expect((await story.json("user list", root)) as Named[]).not.toContainEqual(
      expect.objectContaining({ name: "carol" }),
    );
    expect(await story.ask("user delete caroline", root)).toBe("deleted caroline");
    expect(await story.refusal("user info caroline", root)).toBe("1 user not found: caroline");
    for (const words of ["list", "create x", "delete root", "set-admin alice", "info root", "set-username root x"])
      expect(await story.refusal(`user ${words}`, alice)).toStartWith("1 permission denied");
    expect(await story.refusal("user list", ANONYMOUS)).toBe("1 authentication required");
    expect(await story.ask("user info alice", alice)).toContain("alice");
  });

  test("create with a key makes both or neither", async () => {
    expect(await story.refusal("user create dora -k no key at all", root)).toStartWith("1 ");
    expect(await story.refusal("user info dora", root)).toBe("1 user not found: dora");
    await story.ask(`user create dora -k ${LINE} of dora`, root);
    expect(await story.json("user info dora", root)).toMatchObject({
      keys: [{ comment: "of dora", type: "ssh-ed25519" }],
    });
    await story.ask("user delete dora", root);
  });
});

describe("key and pubkey", () => {
  test("add, list, remove: of anybody by administrators, one's own by everybody", async () => {
    expect(await story.ask(`pubkey add ${LINE} alice at home`, alice)).toMatch(/^added SHA256:\S{43} to alice$/);
    expect(await story.ask("pubkey list", alice)).toBe(`${LINE} alice at home`);
    expect(await story.ask("key list alice", root)).toBe(`${LINE} alice at home`);
    expect(await story.refusal(`user add-pubkey root ${LINE}`, root)).toStartWith("1 key is registered already");
    expect(await story.refusal("key list root", alice)).toStartWith("1 permission denied");
    expect(await story.refusal("pubkey add ssh-ed25519 AAAA", alice)).toStartWith("1 ");
    const [{ id, fingerprint }] = (await story.json("pubkey list", alice)) as [{ id: number; fingerprint: string }];
    expect(await story.ask(`pubkey remove ${fingerprint}`, alice)).toBe(`removed ${fingerprint} from alice`);
    expect(await story.refusal(`pubkey remove ${id}`, alice)).toStartWith("1 key not found");
    await story.ask(`user add-pubkey alice ${LINE}`, root);
    await story.ask(`user remove-pubkey alice ${LINE}`, root);
    await story.ask(`key add alice ${LINE}`, root);
    await story.ask(`key remove alice ${LINE}`, root);
    expect(await story.json("pubkey list", alice)).toEqual([]);
    for (const words of ["pubkey list", `pubkey add ${LINE}`])
      expect(await story.refusal(words, ANONYMOUS)).toBe("1 authentication required");
  });
});

describe("token", () => {
  test("create, list, revoke: the secret is told once", async () => {
    const made = "token create laptop --read-only --repo alice/* --repo team/x --ref refs/heads/* --expires-in 1h30m";
    const token = (await story.json(made, alice)) as Record<string, unknown>;
    expect(token).toMatchObject({
      user: "alice",
      name: "laptop",
      access: "read",
      repositories: ["alice/*", "team/x"],
      refs: ["refs/heads/*"],
      expires_at: new Date(NOW_MS + 5_400_000).toISOString(),
      last_used_at: null,
    });
    const { token: secret, ...rest } = token;
    expect(await story.json("token list", alice)).toEqual([rest]);
    expect(await story.ask("token list", alice)).not.toContain(String(secret));
    expect(await story.ask("token create desktop", alice)).toMatch(/^\S{40,}$/);
    expect(await story.ask("token list", alice)).toContain("desktop\twrite\tnever expires");
    expect(await story.ask("token revoke laptop", alice)).toBe("revoked laptop");
    expect(await story.ask("token delete desktop", alice)).toBe("revoked desktop");
    expect(await story.refusal("token revoke laptop", alice)).toBe("1 token not found: laptop");
    expect(await story.refusal("token create x --user root", alice)).toStartWith("1 permission denied");
    expect(await story.json("token create x --user alice", root)).toMatchObject({ user: "alice" });
    for (const time of ["", "5", "0s", "-1d", "3x", "999999999y"])
      expect((await story.run(["token", "create", "x", `--expires-in=${time}`], alice)).status).toBe(2);
  });
});

describe("settings", () => {
  test("anon-access and allow-keyless are shown and changed by administrators", async () => {
    expect(await story.ask("settings anon-access", root)).toBe("read-only");
    expect(await story.ask("settings anon-access no-access", root)).toBe("no-access");
    expect(await story.json("settings show", root)).toEqual({
      anon_access: "no-access",
      allow_keyless: true,
      configured: [],
    });
    expect(await story.json("settings anon-access read-only", root)).toEqual({ anon_access: "read-only" });
    expect(await story.ask("settings allow-keyless false", root)).toBe("false");
    expect(await story.ask("settings allow-keyless true", root)).toBe("true");
    expect(await story.refusal("settings anon-access everything", root)).toStartWith("2 ");
    expect(await story.refusal("settings allow-keyless", alice)).toStartWith("1 permission denied");
  });
});

describe("info and set-username", () => {
  test("tell and change who one is", async () => {
    expect(await story.json("info", alice)).toEqual({
      name: "alice",
      kind: "user",
      is_admin: false,
      access: "read-only",
      keys: [],
    });
    expect(await story.json("info", ANONYMOUS)).toMatchObject({
      name: "anonymous",
      kind: "anonymous",
      access: "read-only",
    });
    expect(await story.json("info", root)).toMatchObject({ is_admin: true, access: "admin-access" });
    const eve = await story.user("eve");
    expect(await story.refusal("set-username alice", eve)).toBe("1 user exists already: alice");
    expect(await story.json("set-username eva", eve)).toEqual({ name: "eva" });
    expect(await story.ask("user list", root)).toContain("eva");
  });
});
