import { describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import {
  closeSession,
  collectGarbage,
  commitSession,
  openSession,
  protectReference,
  readSessionFile,
  removeRepository,
  renameRepository,
  showSession,
  stage,
  writeSessionFile,
} from "../../src/operations/index.ts";
import type { Config } from "../../src/config.ts";
import { DATABASES, makeTestDatabase } from "../support/test-databases.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/read-story.ts";
import { SessionStory } from "../support/session-story.ts";

const DELAY_MS = 15_000;
const FILES = { "README.md": "# Demo\n", "docs/a.txt": "a\n" };

const write = (story: SessionStory, session: string, path: string, text: string) =>
  story.run(writeSessionFile, { session, path, content: Buffer.from(text) });

/** A story whose time passes when the test says so, on every database. */
function onEveryDatabase(title: string, run: (story: SessionStory, clock: FakeClock) => Promise<void>): void {
  for (const kind of DATABASES) {
    test(`${title} (${kind})`, async () => {
      const clock = new FakeClock();
      const database = await makeTestDatabase(kind);
      const settings: Partial<Config> = database.url === undefined ? {} : { databaseUrl: database.url };
      const story = await SessionStory.open(settings, { clock });
      try {
        await story.git.commit({ files: FILES });
        await run(story, clock);
      } finally {
        await story.close();
        await database.remove();
      }
    });
  }
}

/** Lets time pass, and what is due then be done. */
async function pass(story: SessionStory, clock: FakeClock, ms: number): Promise<void> {
  clock.advance(ms);
  await story.test.sessionTimers.wake();
  await story.test.sessionTimers.settled();
}

const subjects = (story: SessionStory, rev: string) => story.git.text(["log", "--format=%s %an", rev]);

describe("automatic commits", () => {
  onEveryDatabase("come after their delay, by the owner, and are pushed", async (story, clock) => {
    const { id } = await story.run(openSession, { branch: "main" });
    await write(story, id, "README.md", "by hand\n");
    expect(await story.run(showSession, { session: id })).toMatchObject({
      isDirty: true,
      commitDueAt: new Date(clock.nowMs() + DELAY_MS).toISOString(),
    });
    await pass(story, clock, DELAY_MS - 1);
    expect(await subjects(story, "main")).not.toContain("automatic");
    await pass(story, clock, 1);
    expect(await subjects(story, "main")).toStartWith("automatic commit alice\n");
    expect(await story.git.text(["show", "main:README.md"])).toBe("by hand");
    expect(await story.run(showSession, { session: id })).toMatchObject({ isDirty: false, commitDueAt: null });
    await pass(story, clock, 10 * DELAY_MS);
    expect(await story.git.text(["rev-list", "--count", "main"])).toBe("2");
  });

  onEveryDatabase("are put off by further writes, but not for ever", async (story, clock) => {
    const { id } = await story.run(openSession, { branch: "main" });
    for (let turn = 0; turn < 4; turn++) {
      await write(story, id, "README.md", `${turn}\n`);
      await pass(story, clock, DELAY_MS - 1000);
      expect(await story.git.text(["rev-list", "--count", "main"])).toBe("1");
    }
    await write(story, id, "README.md", "last\n");
    await pass(story, clock, 4000);
    expect(await story.git.text(["show", "main:README.md"])).toBe("last");
  });

  onEveryDatabase("do not come after an explicit commit, until there is another write", async (story, clock) => {
    const { id } = await story.run(openSession, { branch: "main" });
    await write(story, id, "README.md", "1\n");
    await story.run(commitSession, { session: id, message: Buffer.from("mine") });
    await pass(story, clock, 10 * DELAY_MS);
    expect(await story.git.text(["rev-list", "--count", "main"])).toBe("1");
    await write(story, id, "README.md", "2\n");
    await pass(story, clock, DELAY_MS);
    expect(await subjects(story, "main")).toStartWith("automatic commit alice\nmine alice\n");
  });

  onEveryDatabase("keep what was staged, and stands in no file", async (story, clock) => {
    const { id } = await story.run(openSession, { branch: "main" });
    await write(story, id, "README.md", "staged\n");
    await story.run(stage, { session: id, path: "README.md" });
    await write(story, id, "README.md", "later\n");
    await pass(story, clock, DELAY_MS);
    expect(await story.git.text(["show", "main:README.md"])).toBe("later");
    expect(await story.git.text(["show", "main~1:README.md"])).toBe("staged");
    expect(await story.run(showSession, { session: id })).toMatchObject({ isDirty: false, commitDueAt: null });
    await write(story, id, "README.md", "staged again\n");
    await story.run(stage, { session: id, path: "README.md" });
    await write(story, id, "README.md", "at the end\n");
    const { backup } = await story.run(closeSession, { session: id });
    expect(await story.git.text(["show", `${backup}:README.md`])).toBe("at the end");
    expect(await story.git.text(["show", `${backup}~1:README.md`])).toBe("staged again");
  });

  onEveryDatabase("stay in the session where it does not push", async (story, clock) => {
    const { id } = await story.run(openSession, { branch: "main", pushes: false });
    await write(story, id, "README.md", "1\n");
    await pass(story, clock, DELAY_MS);
    expect(await story.git.text(["rev-list", "--count", "main"])).toBe("1");
    expect(await subjects(story, `refs/holdfast/sessions/${id}/head`)).toStartWith("automatic commit alice\n");
  });

  onEveryDatabase("say why they could not push, and lose nothing", async (story, clock) => {
    const { id } = await story.run(openSession, { branch: "main" });
    const moved = await story.git.commit({ files: { ...FILES, other: "x" } });
    await write(story, id, "README.md", "1\n");
    await pass(story, clock, DELAY_MS);
    expect(await story.git.text(["rev-parse", "main"])).toBe(moved);
    expect(await story.run(showSession, { session: id })).toMatchObject({ problem: "reference_mismatch" });
    expect(await story.git.text(["show", `refs/holdfast/sessions/${id}/head:README.md`])).toBe("1");
  });
});

describe("leases", () => {
  onEveryDatabase("end in a backup, and use puts the end off", async (story, clock) => {
    const { id, expiresAt } = await story.run(openSession, { branch: "main", pushes: false });
    const leaseMs = Date.parse(expiresAt) - clock.nowMs();
    await pass(story, clock, leaseMs / 2);
    await write(story, id, "README.md", "typed\n");
    await pass(story, clock, leaseMs / 2 + 1);
    const session = await story.run(showSession, { session: id });
    expect(Date.parse(session.expiresAt)).toBeGreaterThan(clock.nowMs());
    await pass(story, clock, leaseMs);
    await failure(story.run(showSession, { session: id }), "session_not_found");
    expect(await story.git.text(["show", `refs/holdfast/sessions/${id}/backup:README.md`])).toBe("typed");
    expect(existsSync(dirname(story.worktree(id)))).toBe(false);
  });
});

describe("sessions and their repository", () => {
  onEveryDatabase("a session follows its repository to another name, and ends with it", async (story) => {
    const { id } = await story.run(openSession, { branch: "main" });
    await write(story, id, "README.md", "1\n");
    const newRepository = { storage: "default", relativePath: "alice/moved.git" };
    await story.test.engine.run(renameRepository, { repository: story.repository, newRepository }, story.test.caller);
    const caller = story.test.as(story.alice);
    await story.test.identity.repositories.setCollaborator(newRepository, "alice", "read-write");
    const input = { repository: newRepository, session: id };
    const { content } = await story.test.engine.run(readSessionFile, { ...input, path: "docs/a.txt" }, caller);
    expect(Buffer.from(content).toString()).toBe("a\n");
    await story.test.engine.run(commitSession, { ...input, message: Buffer.from("m") }, caller);
    expect(await story.inSession(id, ["status", "--porcelain"])).toBe("");
    await story.test.engine.run(removeRepository, { repository: newRepository }, story.test.caller);
    expect(existsSync(dirname(story.worktree(id)))).toBe(false);
  });

  onEveryDatabase("garbage collection leaves what a session needs", async (story) => {
    const { id } = await story.run(openSession, { branch: "main" });
    await write(story, id, "new", "only in the session\n");
    await story.run(commitSession, { session: id, message: Buffer.from("m") });
    await story.inSession(id, ["reset", "--soft", "HEAD~1"]);
    const garbage = story.test.engine.run(collectGarbage, { repository: story.repository }, story.test.caller);
    for await (const _ of garbage);
    await story.git.git(["update-ref", "-d", `refs/holdfast/sessions/${id}/head`]);
    await story.git.git(["prune", "--expire=now"]);
    expect(await story.inSession(id, ["cat-file", "-p", ":new"])).toBe("only in the session");
    await story.inSession(id, ["fsck", "--connectivity-only"]);
  });

  onEveryDatabase("a rule on all references does not hinder what is the server's own", async (story) => {
    await story.run(protectReference, { pattern: "refs/*", users: ["bob"] }, story.test.caller.principal);
    const { id } = await story.run(openSession, { branch: "main" });
    await write(story, id, "README.md", "1\n");
    await story.run(commitSession, { session: id, message: Buffer.from("m") });
  });

  onEveryDatabase("a session whose files are lost says so, and can be closed", async (story) => {
    const { id } = await story.run(openSession, { branch: "main" });
    rmSync(dirname(story.worktree(id)), { recursive: true });
    await failure(story.run(readSessionFile, { session: id, path: "README.md" }), "session_gone");
    expect(await story.run(showSession, { session: id })).toMatchObject({ state: "gone" });
    expect(await story.run(closeSession, { session: id })).toMatchObject({ backup: null });
    await failure(story.run(showSession, { session: id }), "session_not_found");
  });
});
