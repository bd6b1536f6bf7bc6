import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runGit } from "../../support/temporary-repository.ts";
import { BACKENDS } from "../../support/operation-story.ts";
import { PushStory } from "../../support/push-story.ts";

const MAIN = "refs/heads/main";

/** Pushes and expects success. */
async function pushed(story: PushStory, ...args: string[]): Promise<string> {
  const { code, stderr } = await story.push(...args);
  if (code !== 0) throw new Error(stderr);
  return stderr;
}

describe("receivePack", () =>
  describe.each(BACKENDS)("on %s", (backend) => {
    test("creates, moves, forces and deletes branches and tags", async () => {
      await using story = await PushStory.open(backend);
      const one = await story.client.commit({ files: { "a.txt": "one" } });
      await pushed(story, "main", "main:refs/heads/other");
      expect(await story.references()).toEqual({ [MAIN]: one, "refs/heads/other": one });

      const two = await story.client.commit({ files: { "a.txt": "two" } });
      await story.client.git(["tag", "-a", "-m", "first", "v1", "main"]);
      const tag = await story.client.text(["rev-parse", "v1"]);
      await pushed(story, "main", "v1", "main:refs/notes/x/y");
      expect(await story.references()).toEqual({
        [MAIN]: two,
        "refs/heads/other": one,
        "refs/tags/v1": tag,
        "refs/notes/x/y": two,
      });

      const three = await story.client.commit({ parents: [], files: { "b.txt": "three" } });
      expect((await story.push("main")).stderr).toContain("non-fast-forward");
      await pushed(story, "--force", "main", ":other", ":refs/tags/v1", ":refs/notes/x/y");
      expect(await story.references()).toEqual({ [MAIN]: three });
      await runGit(story.gitDir, ["fsck", "--strict"]);
      await story.listener.idle();
      expect(story.leftovers()).toEqual([]);
      expect(story.listener.served.filter(({ error }) => error !== undefined)).toEqual([]);
    });

    test("takes thin packs, large packs, and none where all objects are there", async () => {
      await using story = await PushStory.open(backend);
      const lines = Array.from({ length: 3000 }, (_, line) => `line ${line} of a file that deltas well\n`);
      await story.client.commit({ files: { "a.txt": lines.join("") } });
      await pushed(story, "main");
      lines[1500] = "another line\n";
      const files = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`f${at}`, `${at}`]));
      const tip = await story.client.commit({ files: { "a.txt": lines.join(""), ...files } });
      await pushed(story, "--thin", "main");
      await pushed(story, "main:refs/heads/same", "main:refs/tags/same");
      expect(await story.references()).toEqual({ [MAIN]: tip, "refs/heads/same": tip, "refs/tags/same": tip });
      await runGit(story.gitDir, ["fsck", "--strict"]);
    });

    test("each reference is accepted or refused on its own, in git's words", async () => {
      await using story = await PushStory.open(backend);
      const one = await story.client.commit({ files: { a: "1" } });
      await pushed(story, "main", "main:refs/heads/a");
      const two = await story.client.commit({ files: { a: "2" } });
      const { code, stderr } = await story.push("main", "main:refs/heads/a/b", "main:refs/heads/new", "main:refs/odd");
      expect(code).toBe(1);
      expect(stderr).toContain("! [remote rejected] main -> a/b (failed to update ref)");
      expect(stderr).toContain("remote: error: cannot lock ref 'refs/heads/a/b'");
      expect(stderr).toContain("! [remote rejected] main -> refs/odd (funny refname)");
      expect(await story.references()).toEqual({ [MAIN]: two, "refs/heads/a": one, "refs/heads/new": two });
    });

    test("an atomic push changes all or nothing", async () => {
      await using story = await PushStory.open(backend);
      const one = await story.client.commit({ files: { a: "1" } });
      await pushed(story, "--atomic", "main", "main:refs/heads/a");
      await story.client.commit({ files: { a: "2" } });
      const { code, stderr } = await story.push("--atomic", "main", "main:refs/heads/a/b", "main:refs/heads/new");
      expect(code).toBe(1);
      expect(stderr).toContain("! [remote rejected] main -> a/b (failed to update ref)");
      expect(stderr).toContain("! [remote rejected] main -> main (atomic push failure)");
      expect(stderr).toContain("! [remote rejected] main -> new (atomic push failure)");
      expect(await story.references()).toEqual({ [MAIN]: one, "refs/heads/a": one });
    });

    test("323 branches and tags come in one change", async () => {
      await using story = await PushStory.open(backend);
      await story.client.commit({ files: { a: "1" } });
      const oids: string[] = [];
      for (let at = 0; at < 5; at++) oids.push(await story.client.commit({ files: { a: `${at}` } }));
      const names = Array.from({ length: 322 }, (_, at) => (at % 2 === 0 ? `refs/heads/b/${at}` : `refs/tags/t${at}`));
      const lines = names.map((name, at) => `create ${name} ${oids[at % 5]}\n`);
      await story.client.git(["update-ref", "--stdin"], { input: lines.join("") });
      await pushed(story, "--mirror");
      expect(await story.references()).toEqual(await story.references(story.client.path));
      expect(Object.keys(await story.references())).toHaveLength(323);
    });

    test("sha256 repositories take pushes", async () => {
      await using story = await PushStory.open(backend, { objectFormat: "sha256" });
      const tip = await story.client.commit({ files: { a: "1" } });
      await pushed(story, "main");
      expect(tip).toHaveLength(64);
      expect(await story.references()).toEqual({ [MAIN]: tip });
      await pushed(story, "main:refs/heads/b", ":refs/heads/gone").catch(() => undefined);
      await pushed(story, "main:refs/heads/b");
      await pushed(story, ":refs/heads/b");
      expect(await story.references()).toEqual({ [MAIN]: tip });
    });

    test("the default branch stays, unless a setting or the repository's configuration lets it go", async () => {
      await using story = await PushStory.open(backend);
      const tip = await story.client.commit({ files: { a: "1" } });
      await pushed(story, "main");
      const { stderr } = await story.push(":main");
      expect(stderr).toContain("! [remote rejected] main (deletion of the current branch prohibited)");
      expect(stderr).toContain("remote: error: refusing to delete the current branch: refs/heads/main");
      expect(await story.references()).toEqual({ [MAIN]: tip });
      await runGit(story.gitDir, ["config", "receive.denyDeleteCurrent", "ignore"]);
      await pushed(story, ":main");
      expect(await story.references()).toEqual({});

      await using open = await PushStory.open(backend, { settings: { allowDefaultBranchDelete: true } });
      await open.client.commit({ files: { a: "1" } });
      await pushed(open, "main");
      await pushed(open, ":main");
      expect(await open.references()).toEqual({});
    });

    test("the repository's configuration may refuse deletions and changes that are no fast-forward", async () => {
      await using story = await PushStory.open(backend);
      const one = await story.client.commit({ files: { a: "1" } });
      await pushed(story, "main", "main:refs/heads/b");
      await runGit(story.gitDir, ["config", "receive.denyDeletes", "true"]);
      await runGit(story.gitDir, ["config", "receive.denyNonFastForwards", "true"]);
      await story.client.commit({ parents: [], files: { a: "2" } });
      const forced = await story.push("--force", "main", ":b", "main:refs/tags/t");
      expect(forced.stderr).toContain("! [remote rejected] main -> main (non-fast-forward)");
      expect(forced.stderr).toContain("! [remote rejected] b (deletion prohibited)");
      expect(await story.references()).toMatchObject({ [MAIN]: one, "refs/heads/b": one });
      await story.client.git(["update-ref", MAIN, one]);
      const two = await story.client.commit({ files: { a: "3" } });
      await pushed(story, "main");
      expect(await story.references()).toMatchObject({ [MAIN]: two });
    });

    test("hidden references are refused to users and open to services", async () => {
      const principal = { kind: "anonymous", name: "anonymous" } as const;
      await using story = await PushStory.open(backend, { as: { principal }, settings: { anonAccess: "read-write" } });
      const tip = await story.client.commit({ files: { a: "1" } });
      const names = ["keep-around", "merge-requests", "pipelines", "environments", "remotes", "tmp", "holdfast"];
      const { stderr } = await story.push("main", ...names.map((name) => `main:refs/${name}/1`));
      expect(stderr.match(/main -> \S+ \(deny updating a hidden ref\)/g)).toHaveLength(names.length);
      expect(await story.references()).toEqual({ [MAIN]: tip });

      await using service = await PushStory.open(backend);
      const kept = await service.client.commit({ files: { a: "1" } });
      await pushed(service, "main:refs/merge-requests/1/head", "main:refs/keep-around/1");
      expect(await service.references()).toEqual({
        "refs/merge-requests/1/head": kept,
        "refs/keep-around/1": kept,
      });
      expect((await service.clientGit("ls-remote", service.gitDir, "refs/keep-around/*")).stdout).toContain(kept);
    });

    test("push options reach hooks, and quiet pushes hear nothing of progress", async () => {
      await using story = await PushStory.open(backend);
      story.hook(
        "pre-receive",
        'echo "$GIT_PUSH_OPTION_COUNT:$GIT_PUSH_OPTION_0:$GIT_PUSH_OPTION_1" > "$GIT_DIR/seen"',
      );
      const files = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`f${at}`, `${at}`]));
      await story.client.commit({ files });
      await pushed(story, "-o", "ci.skip", "-o", "reviewer=j\u00fcrgen", "main");
      expect(story.read("seen")).toBe("2:ci.skip:reviewer=j\u00fcrgen\n");
      await story.client.commit({ files: { ...files, f1: "new" } });
      expect(await pushed(story, "--quiet", "main")).toBe("");
    });

    test("versions 1 and 2 of the protocol are answered as git answers them", async () => {
      await using story = await PushStory.open(backend);
      for (const version of ["0", "1", "2"]) {
        const tip = await story.client.commit({ files: { a: version } });
        const ended = await story.clientGit("-c", `protocol.version=${version}`, "push", story.url, "main");
        expect(ended).toMatchObject({ code: 0 });
        expect(await story.references()).toEqual({ [MAIN]: tip });
      }
    });

    test("of two pushes from the same state one wins and the other is told to fetch first", async () => {
      await using story = await PushStory.open(backend);
      await story.client.commit({ files: { a: "0" } });
      await pushed(story, "main");
      // Both wait in pre-receive until both are there: then both hold what the other is about to change.
      const both = join(story.gitDir, "both");
      story.hook(
        "pre-receive",
        `echo x >> "${both}"; n=0; while [ "$(wc -l < "${both}")" -lt 2 ] && [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done`,
      );
      await story.client.commit({ branch: "left", parents: [await story.git("rev-parse", "main")], files: { a: "l" } });
      await story.client.commit({
        branch: "right",
        parents: [await story.git("rev-parse", "main")],
        files: { a: "r" },
      });
      const ended = await Promise.all([story.push("left:main"), story.push("right:main")]);
      expect(ended.map(({ code }) => code).toSorted()).toEqual([0, 1]);
      const loser = ended.find(({ code }) => code === 1)?.stderr ?? "";
      expect(loser).toContain("-> main (fetch first)");
      expect(loser).toMatch(/remote: error: cannot lock ref 'refs\/heads\/main': is at [0-9a-f]{40} but expected/);
    });

    test("where something else stands no repository is made", async () => {
      await using story = await PushStory.open(backend);
      await story.client.commit({ files: { a: "0" } });
      writeFileSync(join(story.storageDir, "file.git"), "");
      const { code } = await story.clientGit("push", story.listener.urlOf("file"), "main");
      expect(code).not.toBe(0);
      await story.listener.idle();
      expect(story.listener.served.at(-1)?.error).toMatchObject({ reason: "repository_exists" });
    });
  }));
