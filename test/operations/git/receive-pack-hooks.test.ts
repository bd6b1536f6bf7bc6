import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BACKENDS } from "../../support/operation-story.ts";
import { PushStory } from "../../support/push-story.ts";
import { runGit } from "../../support/temporary-repository.ts";

const MAIN = "refs/heads/main";
const WAIT_FOR = (path: string) => `while [ ! -e "${path}" ]; do sleep 0.02; done`;

describe("receivePack", () =>
  describe.each(BACKENDS)("and hooks, on %s", (backend) => {
    test("all of them speak to the pusher and see what git's would", async () => {
      const actor = { id: "user-7", username: "jane", name: Buffer.from("Jane"), email: Buffer.from("") };
      await using story = await PushStory.open(backend, { as: { actor, door: "ssh" } });
      story.hook(
        "pre-receive",
        'echo "from pre-receive"; read old new ref; git cat-file -t $new; echo "$GIT_QUARANTINE_PATH" > "$GIT_DIR/quarantine"; echo "$GL_ID $GL_USERNAME $GL_PROTOCOL" > "$GIT_DIR/user"',
      );
      story.hook("update", 'echo "from update: $1" >&2');
      story.hook("post-receive", 'echo "from post-receive"; cat > "$GIT_DIR/after"; git rev-parse main');
      story.hook("post-update", 'echo "from post-update: $*"');
      const tip = await story.client.commit({ files: { a: "1" } });
      const { code, stderr } = await story.push("main");
      expect(code).toBe(0);
      const said = stderr.split("\n").flatMap((line) => /^remote: (.*?) *$/.exec(line)?.[1] ?? []);
      expect(said).toEqual([
        "from pre-receive",
        "commit",
        `from update: ${MAIN}`,
        "from post-receive",
        tip,
        `from post-update: ${MAIN}`,
      ]);
      expect(story.read("after")).toBe(`${"0".repeat(40)} ${tip} ${MAIN}\n`);
      expect(story.read("user")).toBe("user-7 jane ssh\n");
      await story.listener.idle();
      expect(existsSync(story.read("quarantine").trim())).toBe(false);
    });

    test("pre-receive refuses the whole push, and nothing of it stays", async () => {
      await using story = await PushStory.open(backend);
      story.hook("pre-receive", 'echo "not today" >&2; exit 1');
      const tip = await story.client.commit({ files: { a: "1" } });
      const { code, stderr } = await story.push("main", "main:refs/heads/b");
      expect(code).toBe(1);
      expect(stderr).toContain("remote: not today");
      expect(stderr).toContain("! [remote rejected] main -> main (pre-receive hook declined)");
      expect(stderr).toContain("! [remote rejected] main -> b (pre-receive hook declined)");
      expect(await story.references()).toEqual({});
      expect(runGit(story.gitDir, ["cat-file", "-e", tip])).rejects.toThrow();
      await story.listener.idle();
      expect(story.leftovers()).toEqual([]);
    });

    test("update refuses one reference, and the others move; in an atomic push none does", async () => {
      await using story = await PushStory.open(backend);
      story.hook("update", 'case "$1" in refs/heads/bad*) echo "no $1"; exit 1;; esac');
      story.hook("post-receive", 'cat > "$GIT_DIR/after"');
      const tip = await story.client.commit({ files: { a: "1" } });
      const { code, stderr } = await story.push("main", "main:refs/heads/bad", "main:refs/heads/good");
      expect(code).toBe(1);
      expect(stderr).toContain("remote: no refs/heads/bad");
      expect(stderr).toContain("remote: error: hook declined to update refs/heads/bad");
      expect(stderr).toContain("! [remote rejected] main -> bad (hook declined)");
      expect(await story.references()).toEqual({ [MAIN]: tip, "refs/heads/good": tip });
      expect(story.read("after")).not.toContain("bad");

      const atomic = await story.push("--atomic", "main:refs/heads/bad", "main:refs/heads/better");
      expect(atomic.stderr).toContain("! [remote rejected] main -> bad (hook declined)");
      expect(atomic.stderr).toContain("! [remote rejected] main -> better (atomic push failure)");
      expect(await story.references()).toEqual({ [MAIN]: tip, "refs/heads/good": tip });
    });

    test("reference-transaction may refuse it all", async () => {
      await using story = await PushStory.open(backend);
      story.hook("reference-transaction", '[ "$1" != prepared ]');
      await story.client.commit({ files: { a: "1" } });
      const { code, stderr } = await story.push("main");
      expect(code).toBe(1);
      expect(stderr).toContain("! [remote rejected] main -> main (failed to update ref)");
      expect(await story.references()).toEqual({});
    });

    test("what a hook says is heard at once, and failures after the change only with the user", async () => {
      await using story = await PushStory.open(backend);
      const go = join(story.gitDir, "go");
      story.hook("pre-receive", `echo "wait for it"; ${WAIT_FOR(go)}`);
      story.hook("post-receive", 'echo "too late"; exit 1');
      const tip = await story.client.commit({ files: { a: "1" } });
      const push = story.startPush("main");
      await push.said("remote: wait for it");
      expect(await story.references()).toEqual({});
      writeFileSync(go, "");
      const { code, stderr } = await push.ended;
      expect(code).toBe(0);
      expect(stderr).toContain("remote: too late");
      expect(await story.references()).toEqual({ [MAIN]: tip });
    });

    test("a hook that takes too long is ended, and the user is told", async () => {
      await using story = await PushStory.open(backend, { settings: { hookTimeoutMs: 300 } });
      story.hook("pre-receive", "sleep 60");
      await story.client.commit({ files: { a: "1" } });
      const { code, stderr } = await story.push("main");
      expect(code).toBe(1);
      expect(stderr).toContain("remote: error: hook pre-receive: timed out after 300 ms");
      expect(stderr).toContain("(pre-receive hook declined)");
    });

    test("a client that goes away while a hook runs ends the hook, and changes nothing", async () => {
      await using story = await PushStory.open(backend);
      story.hook("pre-receive", `echo $$ > "$GIT_DIR/pid"; echo "here"; sleep 60 & wait`);
      await story.client.commit({ files: { a: "1" } });
      const push = story.startPush("main");
      await push.said("remote: here");
      push.kill();
      await push.ended;
      await story.listener.idle();
      expect(await story.references()).toEqual({});
      expect(story.leftovers()).toEqual([]);
      expect(() => process.kill(Number(story.read("pid")), 0)).toThrow();
      expect(story.listener.served.at(-1)?.error).toMatchObject({ reason: "canceled" });
    });

    test("a client that goes away while post-receive runs has pushed", async () => {
      await using story = await PushStory.open(backend);
      const go = join(story.gitDir, "go");
      story.hook("post-receive", `echo "moved"; ${WAIT_FOR(go)}; echo done > "$GIT_DIR/after"`);
      const tip = await story.client.commit({ files: { a: "1" } });
      const push = story.startPush("main");
      await push.said("remote: moved");
      push.kill();
      await push.ended;
      expect(await story.references()).toEqual({ [MAIN]: tip });
      writeFileSync(go, "");
      await story.listener.idle();
      expect(story.read("after")).toBe("done\n");
      expect(story.listener.served.at(-1)).toEqual({ repository: story.repository });
      expect(story.leftovers()).toEqual([]);
    });
  }));
