import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { SessionChange } from "../../src/contract/session-store.ts";
import { closeSession, openSession, pushSession, showSession, writeSessionFile } from "../../src/operations/index.ts";
import { FullCheckouts } from "../../src/sessions/full-checkouts.ts";
import { recoverSessions } from "../../src/sessions/recover-sessions.ts";
import { SessionDirectories } from "../../src/sessions/session-directory.ts";
import { onBothBackends, type SessionStory } from "../support/session-story.ts";

const write = (story: SessionStory, session: string, path: string) =>
  story.run(writeSessionFile, { session, path, content: Buffer.from(`${path}\n`) });

const stashesOf = (story: SessionStory, session: string) =>
  story.git.text(["for-each-ref", "--format=%(objectname)", `refs/holdfast/sessions/${session}/stash`]);

/** A session that has put something away past the server, as one does whose server is killed before it has told the repository. */
async function withUntoldStash(story: SessionStory) {
  await story.git.commit({ files: { "a.txt": "a\n" } });
  const { id: session } = await story.run(openSession, { branch: "main", checkout: "full" });
  await write(story, session, "a.txt");
  await story.inSession(session, ["stash", "push", "--quiet"]);
  return { session, stash: await story.inSession(session, ["rev-parse", "refs/stash"]) };
}

describe("what a session has and the repository has not been told", () => {
  onBothBackends("a stash is told with the next change", async (story) => {
    const { session, stash } = await withUntoldStash(story);
    await write(story, session, "b.txt");
    expect(await stashesOf(story, session)).toBe(stash);
    await story.inSession(session, ["stash", "drop", "--quiet"]);
    await write(story, session, "c.txt");
    expect(await stashesOf(story, session)).toBe("");
  });

  onBothBackends("a stash stays when the session is closed", async (story) => {
    const { session, stash } = await withUntoldStash(story);
    await story.run(closeSession, { session });
    expect(await stashesOf(story, session)).toBe(stash);
    expect(await story.git.text(["show", `${stash}:a.txt`])).toBe("a.txt");
  });

  onBothBackends("a commit is pushed", async (story) => {
    await story.git.commit({ files: { "a.txt": "a\n" } });
    const { id: session } = await story.run(openSession, { branch: "main", checkout: "full" });
    await story.inSession(session, ["commit", "--quiet", "--allow-empty", "--message=by hand"]);
    const commit = await story.inSession(session, ["rev-parse", "HEAD"]);
    expect(await story.run(pushSession, { session })).toMatchObject({ newOid: commit });
    expect(await story.git.text(["rev-parse", "main"])).toBe(commit);
    expect(await story.run(showSession, { session })).toMatchObject({ head: commit, base: commit });
  });
});

describe("recoverSessions", () => {
  test("takes half written objects away, and lets the row follow a commit that it was not told", async () => {
    const root = mkdtempSync(join(tmpdir(), "holdfast-sessions-"));
    try {
      const directories = new SessionDirectories(root);
      const [moved, still] = [directories.newId(), directories.newId()];
      const made = { objectFormat: "sha1", objectsDir: root, branch: "refs/heads/a/b", isLazy: false } as const;
      for (const id of [moved, still]) await directories.make(id, made);
      const { gitDir } = directories.view(moved, "sha1");
      const [before, after] = ["1".repeat(40), "2".repeat(40)];
      mkdirSync(join(gitDir, "refs/heads/a"));
      writeFileSync(join(gitDir, "refs/heads/a/b"), `${after}\n`);
      for (const folder of ["ab", "tmp_objdir-bulk-fsync-x"]) mkdirSync(join(gitDir, "objects", folder));
      // Of two objects the disk has nothing, and half of one.
      const tree = deflateSync("tree 0\0");
      const whole = "4b/825dc642cb6eb9a060e54bf8d69288fbee4904";
      mkdirSync(join(gitDir, "objects/4b"));
      mkdirSync(join(gitDir, "objects/cd"));
      writeFileSync(join(gitDir, "objects", whole), tree);
      writeFileSync(join(gitDir, "objects/cd", "1".repeat(38)), "");
      writeFileSync(join(gitDir, "objects/cd", "2".repeat(38)), tree.subarray(0, 6));
      const kept = ["pack/pack-1.pack"];
      for (const file of [...kept, "ab/tmp_obj_x", "pack/tmp_pack_x", "pack/.tmp-1-pack-1.idx"])
        writeFileSync(join(gitDir, "objects", file), "");
      const changes: (SessionChange & { readonly id: string })[] = [];
      const heads = new Map([moved, still].map((id) => [id, before]));
      const change = async (id: string, { ...change }: SessionChange) => void changes.push({ id, ...change });
      const checkouts = new FullCheckouts({ bootId: "another", onFailed: () => {} });
      await new FullCheckouts({ bootId: "boot", onFailed: () => {} }).filled(still, directories.view(still, "sha1"));
      const unflushed = await recoverSessions({ heads: async () => heads, change }, directories, checkouts, {
        bootId: "another",
        nowMs: 7,
      });
      expect([unflushed, checkouts.isDoubtful(still), checkouts.isDoubtful(moved)]).toEqual([[still], true, false]);
      expect(changes).toEqual([{ id: moved, headOid: after, dirtySinceMs: 7, commitDueAtMs: 7 }]);
      const left = readdirSync(join(gitDir, "objects"), { recursive: true, encoding: "utf8" }).toSorted();
      expect(left).toEqual(["4b", "ab", "cd", "info", "info/alternates", "pack", whole, ...kept].toSorted());
      expect(directories.lastBoot()).toBe("another");
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
