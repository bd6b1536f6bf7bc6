import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import { ANONYMOUS, CommandStory } from "../support/command-story.ts";

let story: CommandStory;
let alice: Principal;
let bob: Principal;

beforeAll(async () => {
  story = await CommandStory.open();
  [alice, bob] = [await story.user("alice"), await story.user("bob")];
});

afterAll(() => story.close());

describe("repo", () => {
  test("config: shown and changed by those who administer the repository", async () => {
    await story.ask("repo create alice/configured", alice);
    expect(await story.ask("repo config alice/configured", alice)).toBe("");
    expect(await story.ask("repo config alice/configured receive.denydeletes on", alice)).toBe(
      "receive.denyDeletes=true",
    );
    expect(await story.json("repo config alice/configured receive.denyDeletes", alice)).toMatchObject({
      value: "true",
    });
    expect(await story.ask("repo config alice/configured", alice)).toBe("receive.denyDeletes=true");
    expect(await story.ask("repo config alice/configured receive.denyDeletes --unset", alice)).toBe("");
    expect(await story.json("repo config alice/configured receive.denyDeletes", alice)).toMatchObject({ value: null });
    expect(await story.refusal("repo config alice/configured core.hooksPath x", alice)).toContain("may be changed");
    expect(await story.refusal("repo config alice/configured --unset", alice)).toStartWith("2 ");
    expect(await story.refusal("repo config alice/configured", bob)).toStartWith("1 permission denied");
    await story.ask("repo delete alice/configured --yes", alice);
  });

  test("create, list, info, rename, delete: by who may", async () => {
    expect(await story.ask("repo create alice/one -d what it is for", alice)).toBe("created alice/one");
    expect(await story.json("repo create alice/two --private --object-format sha256", alice)).toEqual({
      name: "alice/two",
      storage: "default",
      relative_path: "alice/two.git",
      object_format: "sha256",
      private: true,
    });
    expect(await story.json("repo info alice/one", bob)).toEqual({
      name: "alice/one",
      storage: "default",
      relative_path: "alice/one.git",
      owner: "alice",
      private: false,
      access: "read-only",
      description: "what it is for",
      object_format: "sha1",
      head: "refs/heads/main",
      head_oid: null,
      branches: 0,
      clone_urls: {},
      tags: 0,
      references: 0,
      path: null,
    });
    expect(await story.ask("repo list", alice)).toBe("alice/one\nalice/two");
    expect(await story.ask("repo list", bob)).toBe("alice/one");
    expect(await story.json("repo list", ANONYMOUS)).toEqual([
      { name: "alice/one", storage: "default", relative_path: "alice/one.git" },
    ]);
    const absent = await story.refusal("repo info alice/absent", bob);
    expect((await story.refusal("repo info alice/two", bob)).replace("two", "absent")).toBe(absent);
    expect(await story.refusal("repo delete alice/one", bob)).toStartWith("1 permission denied");
    expect(await story.refusal("repo create alice/three", bob)).toStartWith("1 permission denied");
    expect(await story.refusal("repo create alice/one", alice)).toStartWith("1 repository exists already");
    expect(await story.ask("repo rename alice/one alice/uno", alice)).toBe("renamed alice/one to alice/uno");
    expect(await story.ask("repo show /alice/uno.git", alice)).toContain("what it is for");
    expect(await story.ask("repo delete alice/uno", alice)).toBe("deleted alice/uno");
    expect(await story.json("repo list", bob)).toEqual([]);
  });

  test("private and description: shown, set, taken away", async () => {
    await story.ask("repo create alice/described", alice);
    expect(await story.ask("repo private alice/described", bob)).toBe("false");
    expect(await story.refusal("repo private alice/described true", bob)).toStartWith("1 permission denied");
    expect(await story.ask("repo private alice/described true", alice)).toBe("true");
    expect(await story.refusal("repo private alice/described", bob)).toStartWith("1 repository not found");
    expect(await story.json("repo private alice/described false", alice)).toEqual({ private: false });
    expect(await story.refusal("repo private alice/described perhaps", alice)).toStartWith("2 ");
    expect(await story.ask("repo description alice/described some words here", alice)).toBe("some words here");
    expect(await story.ask("repo description alice/described", bob)).toBe("some words here");
    expect((await story.run(["repo", "description", "alice/described", ""], alice)).stdout).toBe("\n");
    expect(await story.json("repo description alice/described", bob)).toEqual({ description: "" });
  });

  test("branch: list, default, delete; tag: list, delete", async () => {
    const git = await story.repository("alice/branches", { owner: alice });
    const tip = await git.commit();
    await git.git(["update-ref", "refs/heads/grün", tip]);
    await git.git(["branch", "topic"]);
    await git.git(["tag", "light"]);
    await git.git(["tag", "-a", "-m", "x", "heavy"]);
    expect((await story.ask("repo branch list alice/branches", bob)).split("\n")).toContain("grün");
    expect(await story.json("repo branch list alice/branches", bob)).toContainEqual({ name: "topic", oid: tip });
    expect(await story.ask("repo branch default alice/branches", bob)).toBe("main");
    expect(await story.refusal("repo branch default alice/branches topic", bob)).toStartWith("1 permission denied");
    expect(await story.json("repo branch default alice/branches grün", alice)).toEqual({ branch: "grün" });
    expect(await git.text(["symbolic-ref", "HEAD"])).toBe("refs/heads/gr\xc3\xbcn");
    expect(await story.refusal("repo branch default alice/branches gone", alice)).toBe(
      "1 reference not found: refs/heads/gone",
    );
    expect(await story.refusal("repo branch delete alice/branches grün", alice)).toContain("is the default branch");
    expect(await story.ask("repo branch delete alice/branches topic", alice)).toBe(`deleted branch topic (was ${tip})`);
    expect(await story.refusal("repo branch delete alice/branches topic", alice)).toContain("reference not found");
    expect(await story.refusal("repo branch delete alice/branches main", bob)).toStartWith("1 permission denied");

    await git.git(["update-ref", "--stdin"], { input: Buffer.from(`create refs/heads/b\xe4d ${tip}\n`, "latin1") });
    expect(await story.ask("repo branch list alice/branches", bob)).toContain('"b\\344d"');
    expect(await story.json("repo branch list alice/branches", bob)).toContainEqual({
      name: { base64: "YuRk" },
      oid: tip,
    });
    expect(await story.ask('repo branch delete alice/branches "b\\344d"', alice)).toContain("deleted");

    const heavy = await git.text(["rev-parse", "heavy"]);
    expect(await story.json("repo tag list alice/branches", bob)).toEqual([
      { name: "heavy", oid: heavy, target_oid: tip },
      { name: "light", oid: tip, target_oid: tip },
    ]);
    expect(await story.json("repo tag delete alice/branches heavy", alice)).toEqual({ tag: "heavy", oid: heavy });
    expect(await story.ask("repo tag list alice/branches", bob)).toBe("light");
  });

  test("collab: who is added may do what his level says", async () => {
    await story.ask("repo create alice/shared --private", alice);
    expect(await story.refusal("repo info alice/shared", bob)).toContain("not found");
    expect(await story.json("repo collab add alice/shared bob read-only", alice)).toEqual({
      user: "bob",
      level: "read-only",
    });
    expect(await story.ask("repo info alice/shared", bob)).toContain("alice/shared");
    expect(await story.refusal("repo description alice/shared mine", bob)).toStartWith("1 permission denied");
    expect(await story.ask("repo collab add alice/shared bob admin-access", alice)).toBe(
      "bob has admin-access to alice/shared",
    );
    expect(await story.ask("repo description alice/shared mine", bob)).toBe("mine");
    expect(await story.json("repo collab list alice/shared", alice)).toEqual([{ user: "bob", level: "admin-access" }]);
    expect(await story.refusal("repo collab add alice/shared bob everything", alice)).toStartWith("2 ");
    expect(await story.refusal("repo collab add alice/shared nobody", alice)).toBe("1 user not found: nobody");
    expect(await story.ask("repo collab remove alice/shared bob", alice)).toBe(
      "bob is no collaborator of alice/shared",
    );
    expect(await story.refusal("repo collab remove alice/shared bob", alice)).toBe("1 not a collaborator: bob");
    expect(await story.refusal("repo info alice/shared", bob)).toContain("not found");
  });

  test("protect, unprotect, protections: rules hold for their owner too", async () => {
    const git = await story.repository("alice/protected", { owner: alice });
    await git.commit();
    await git.git(["branch", "release"]);
    expect(await story.json("repo protect alice/protected refs/heads/release", alice)).toEqual({
      pattern: "refs/heads/release",
      no_force: true,
      no_delete: true,
      users: null,
      applies_to_service: true,
    });
    expect(await story.refusal("repo branch delete alice/protected release", alice)).toContain("protected");
    const only = "repo protect alice/protected refs/tags/v* --user alice --user bob --except-service";
    expect(await story.ask(only, alice)).toBe("refs/tags/v*\tonly alice, bob; not for the service");
    expect(await story.ask("repo protections alice/protected", alice)).toBe(
      "refs/heads/release\tno force; no deletion\nrefs/tags/v*\tonly alice, bob; not for the service",
    );
    await git.git(["branch", "frozen"]);
    const frozen = await story.ask("repo protect alice/protected refs/heads/frozen --nobody", alice);
    expect(frozen).toBe("refs/heads/frozen\tnobody");
    expect(await story.refusal("repo branch delete alice/protected frozen", alice)).toContain("protected");
    await story.ask("repo unprotect alice/protected refs/heads/frozen", alice);
    expect(await story.refusal(`${only} --nobody`, alice)).toStartWith("2 --user and --nobody");
    expect(await story.refusal("repo unprotect alice/protected refs/heads/release", bob)).toContain(
      "permission denied",
    );
    await story.ask("repo unprotect alice/protected refs/heads/release", alice);
    expect(await story.refusal("repo unprotect alice/protected refs/heads/release", alice)).toContain("no rule");
    expect(await story.ask("repo branch delete alice/protected release", alice)).toContain("deleted");
  });
});
