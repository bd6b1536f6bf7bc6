import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BACKENDS } from "../../support/operation-story.ts";
import { PushStory } from "../../support/push-story.ts";
import { runGit, TemporaryRepository } from "../../support/temporary-repository.ts";

const said = async (gitDir: string, ...args: string[]) => (await runGit(gitDir, args)).toString().trim();

describe("receivePack", () =>
  describe.each(BACKENDS)("to a repository that does not exist, on %s", (backend) => {
    test("makes it, with HEAD at main or at the branch that was pushed", async () => {
      await using story = await PushStory.open(backend);
      const tip = await story.client.commit({ files: { a: "1" } });
      const first = await story.clientGit("push", story.listener.urlOf("jane/new"), "main", "main:refs/heads/a");
      expect(first).toMatchObject({ code: 0 });
      const gitDir = join(story.storageDir, "jane/new.git");
      expect(await story.references(gitDir)).toEqual({ "refs/heads/main": tip, "refs/heads/a": tip });
      expect(await said(gitDir, "symbolic-ref", "HEAD")).toBe("refs/heads/main");
      await runGit(gitDir, ["fsck", "--strict"]);

      const other = await story.clientGit(
        "push",
        story.listener.urlOf("jane/other"),
        "main:trunk",
        "main:refs/tags/v1",
      );
      expect(other).toMatchObject({ code: 0 });
      expect(await said(join(story.storageDir, "jane/other.git"), "symbolic-ref", "HEAD")).toBe("refs/heads/trunk");
      const again = await story.clientGit("push", story.listener.urlOf("jane/other"), "main:more");
      expect(again).toMatchObject({ code: 0 });
      await story.listener.idle();
      expect(story.leftovers()).toEqual([]);
    });

    test("leaves nothing behind when the push fails", async () => {
      await using story = await PushStory.open(backend);
      const parent = await story.client.commit({ files: { a: "1" } });
      const bad = await story.client.writeObject("commit", `tree ${"1".repeat(40)}\nparent ${parent}\nbroken`);
      await story.client.git(["update-ref", "refs/odd/bad", bad]);
      const failing = [["refs/odd/bad:refs/heads/x"], ["main:refs/oddname"], ["--atomic", "main", "main:refs/oddname"]];
      for (const refspecs of failing) {
        const { code } = await story.clientGit("push", story.listener.urlOf("jane/new"), ...refspecs);
        expect(code).not.toBe(0);
      }
      await story.listener.idle();
      expect(existsSync(join(story.storageDir, "jane"))).toBe(false);
      expect(readdirSync(story.storageDir).toSorted()).toEqual(["+holdfast", "group"]);
      expect(story.leftovers()).toEqual([]);
    });

    test("is refused for names that nobody may give, and where a setting says so", async () => {
      await using story = await PushStory.open(backend);
      await story.client.commit({ files: { a: "1" } });
      for (const name of ["api/x", "-x", "x/.y", "group/project.git/objects"]) {
        const { code } = await story.clientGit("push", story.listener.urlOf(name), "main");
        expect(code).not.toBe(0);
      }
      await story.listener.idle();
      const reasons = story.listener.served.map(({ error }) => (error as { reason?: string } | undefined)?.reason);
      expect(reasons).toEqual(["invalid_input", "invalid_input", "invalid_input", "invalid_input"]);

      await using closed = await PushStory.open(backend, { settings: { createOnPush: false } });
      await closed.client.commit({ files: { a: "1" } });
      expect((await closed.clientGit("push", closed.listener.urlOf("jane/new"), "main")).code).not.toBe(0);
      await closed.listener.idle();
      expect(closed.listener.served.at(-1)?.error).toMatchObject({ reason: "repository_not_found" });
    });

    test("two first pushes at once both arrive", async () => {
      await using story = await PushStory.open(backend);
      await story.client.commit({ files: { a: "1" } });
      const url = story.listener.urlOf("jane/new");
      const pushes = ["a", "b", "c"].map((name) => story.clientGit("push", url, `main:refs/heads/${name}`));
      expect((await Promise.all(pushes)).map(({ code }) => code)).toEqual([0, 0, 0]);
      const names = Object.keys(await story.references(join(story.storageDir, "jane/new.git")));
      expect(names).toEqual(["refs/heads/a", "refs/heads/b", "refs/heads/c"]);
      await story.listener.idle();
      expect(story.leftovers()).toEqual([]);
    });

    test("a client that goes away leaves nothing", async () => {
      await using hooks = await TemporaryRepository.create();
      await using held = await PushStory.open(backend, { settings: { hooksPath: hooks.path } });
      await held.client.commit({ files: { a: "1" } });
      mkdirSync(join(hooks.path, "pre-receive.d"));
      writeFileSync(join(hooks.path, "pre-receive.d/wait"), '#!/bin/sh\necho "here $GIT_DIR"; sleep 60\n', {
        mode: 0o755,
      });
      const push = held.startClientGit("push", held.listener.urlOf("jane/new"), "main");
      await push.said("remote: here");
      expect(existsSync(join(held.storageDir, "jane"))).toBe(false);
      push.kill();
      await push.ended;
      await held.listener.idle();
      expect(readdirSync(held.storageDir).toSorted()).toEqual(["+holdfast", "group"]);
      expect(held.leftovers()).toEqual([]);
    });
  }));
