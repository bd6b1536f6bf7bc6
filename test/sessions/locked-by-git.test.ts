import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  closeSession,
  commitSession,
  openSession,
  readSessionFile,
  resetSession,
  saveStash,
  sessionStatus,
  showSession,
  stage,
  writeSessionFile,
} from "../../src/operations/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/read-story.ts";
import { onBothBackends, SessionStory } from "../support/session-story.ts";

const DELAY_MS = 15_000;
const message = Buffer.from("work");

const lockOf = (story: SessionStory, id: string, name: string) => join(story.worktree(id), "../git", `${name}.lock`);

const write = (story: SessionStory, session: string, text: string) =>
  story.run(writeSessionFile, { session, path: "a.txt", content: Buffer.from(text) });

describe("a session in which plain git holds a lock", () => {
  onBothBackends("answers a conflict, and goes on when the lock is gone", async (story) => {
    await story.git.commit({ files: { "a.txt": "a\n" } });
    const { id } = await story.run(openSession, { branch: "main", checkout: "full" });
    await write(story, id, "b\n");
    const index = lockOf(story, id, "index");
    writeFileSync(index, "");
    await failure(story.run(stage, { session: id, path: "a.txt" }), "index_locked");
    await failure(story.run(commitSession, { session: id, message }), "index_locked");
    await failure(story.run(resetSession, { session: id, mode: "hard" }), "index_locked");
    await failure(story.run(saveStash, { session: id }), "index_locked");
    await failure(story.run(closeSession, { session: id }), "index_locked");
    // Reading and writing go on.
    await write(story, id, "c\n");
    const { content } = await story.run(readSessionFile, { session: id, path: "a.txt" });
    expect(Buffer.from(content).toString()).toBe("c\n");
    expect((await story.run(sessionStatus, { session: id })).items).toHaveLength(1);
    rmSync(index);
    await story.run(stage, { session: id, path: "a.txt" });
    const branch = lockOf(story, id, "refs/heads/main");
    writeFileSync(branch, "");
    await failure(story.run(commitSession, { session: id, message }), "references_locked");
    // What was not committed is still to be.
    const { isDirty, commitDueAt } = await story.run(showSession, { session: id });
    expect([isDirty, commitDueAt]).toEqual([true, expect.any(String)]);
    rmSync(branch);
    const { commit } = await story.run(commitSession, { session: id, message });
    expect(await story.inSession(id, ["rev-parse", "HEAD"])).toBe(commit);
    expect(await story.inSession(id, ["status", "--porcelain"])).toBe("");
    await story.git.git(["fsck", "--strict"]);
  });

  test("is committed automatically later, and says meanwhile why not", async () => {
    const clock = new FakeClock();
    const story = await SessionStory.open({}, { clock });
    const pass = async (ms: number) => {
      clock.advance(ms);
      await story.test.sessionTimers.wake();
      await story.test.sessionTimers.settled();
    };
    try {
      await story.git.commit({ files: { "a.txt": "a\n" } });
      const { id } = await story.run(openSession, { branch: "main" });
      await write(story, id, "b\n");
      const lock = lockOf(story, id, "index");
      writeFileSync(lock, "");
      await pass(DELAY_MS);
      expect(await story.run(showSession, { session: id })).toMatchObject({ problem: "index_locked", isDirty: true });
      rmSync(lock);
      await pass(4 * DELAY_MS);
      expect(await story.run(showSession, { session: id })).toMatchObject({ problem: null, isDirty: false });
      expect(await story.git.text(["show", "main:a.txt"])).toBe("b");
    } finally {
      await story.close();
    }
  });
});
