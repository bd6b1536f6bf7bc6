import { describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import {
  closeSession,
  listStaged,
  listStashes,
  listWorktreeFiles,
  openSession,
  operations,
  readSessionFile,
  renewSession,
  sessionStatus,
  showSession,
  showStagedDiff,
  showWorktreeDiff,
  stage,
  worktreeStatus,
  writeSessionFile,
  writeWorktreeFile,
} from "../../src/operations/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/read-story.ts";
import { SessionStory } from "../support/session-story.ts";

/** A lease is written down anew when a share of it is over. */
const LATER_MS = 6 * 3_600_000;

/** Alice with a token that is good for reading, and a user who is let in to read. */
async function readers(story: SessionStory): Promise<Record<"token" | "collaborator", Principal>> {
  const { identity } = story.test;
  const carol = await identity.users.create({ name: "carol", isAdmin: false, email: "carol@example.com" });
  await identity.repositories.setCollaborator(story.repository, "carol", "read-only");
  return {
    token: { ...story.alice, token: { id: 1, access: "read" } },
    collaborator: { kind: "user", name: "carol", user: { id: carol.id, isAdmin: false } },
  };
}

async function withStory(run: (story: SessionStory, clock: FakeClock) => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const story = await SessionStory.open({}, { clock });
  try {
    await story.git.commit({ files: { "a.txt": "a\n" } });
    await run(story, clock);
  } finally {
    await story.close();
  }
}

describe("callers who may only read", () => {
  test("no operation that changes something in a session needs less than writing", () => {
    const inSessions = operations.filter(
      ({ needsCredentials, target }) => needsCredentials === true && target === "repository",
    );
    expect(inSessions.length).toBeGreaterThan(25);
    for (const { name, kind, access } of inSessions)
      expect({ name, access }).toEqual({ name, access: kind === "read" ? "read" : "write" });
  });

  test("see their sessions with a read-only token, and change nothing: not the lease either", () =>
    withStory(async (story, clock) => {
      const { token } = await readers(story);
      const { id, expiresAt } = await story.run(openSession, { branch: "main" });
      clock.advance(LATER_MS);
      const { content } = await story.run(readSessionFile, { session: id, path: "a.txt" }, token);
      expect(Buffer.from(content).toString()).toBe("a\n");
      await story.run(sessionStatus, { session: id }, token);
      await story.run(listStaged, { session: id }, token);
      await story.run(showWorktreeDiff, { session: id }, token);
      expect((await story.run(showSession, { session: id }, token)).expiresAt).toBe(expiresAt);
      const content2 = Buffer.from("b\n");
      for (const refused of [
        story.run(renewSession, { session: id }, token),
        story.run(openSession, {}, token),
        story.run(closeSession, { session: id }, token),
        story.run(writeSessionFile, { session: id, path: "a.txt", content: content2 }, token),
        story.run(stage, { session: id, path: "a.txt" }, token),
      ])
        await failure(refused, "forbidden");
      expect((await story.run(showSession, { session: id }, token)).expiresAt).toBe(expiresAt);
      // With all her rights reading puts the end of the lease off.
      await story.run(sessionStatus, { session: id });
      expect(Date.parse((await story.run(showSession, { session: id })).expiresAt)).toBe(
        Date.parse(expiresAt) + LATER_MS,
      );
    }));

  test("have no default session made for them, and use one that is there", () =>
    withStory(async (story) => {
      const { token, collaborator } = await readers(story);
      const before = await story.git.text(["for-each-ref"]);
      for (const reader of [token, collaborator]) {
        const reads = [
          story.run(worktreeStatus, {}, reader),
          story.run(listWorktreeFiles, {}, reader),
          story.run(listStaged, {}, reader),
          story.run(listStashes, {}, reader),
          story.run(showStagedDiff, {}, reader),
        ];
        for (const read of reads)
          expect((await failure(read, "forbidden")).details).toEqual({ operation: "openSession" });
        await failure(story.run(writeWorktreeFile, { path: "b", content: Buffer.from("b") }, reader), "forbidden");
      }
      expect(await story.git.text(["for-each-ref"])).toBe(before);
      await story.run(writeWorktreeFile, { path: "b", content: Buffer.from("b") });
      expect(await story.run(worktreeStatus, {}, token)).toMatchObject({ isClean: false });
    }));

  test("lose nothing with the right to write: the server keeps what their session has when its lease ends", () =>
    withStory(async (story, clock) => {
      const { id, expiresAt } = await story.run(openSession, { branch: "main", pushes: false });
      await story.run(writeSessionFile, { session: id, path: "a.txt", content: Buffer.from("typed\n") });
      const { repositories } = story.test.identity;
      await repositories.setCollaborator(story.repository, "alice", "read-only");
      await failure(story.run(closeSession, { session: id }), "forbidden");
      clock.advance(Date.parse(expiresAt) - clock.nowMs());
      await story.test.sessionTimers.wake();
      await story.test.sessionTimers.settled();
      await failure(story.run(showSession, { session: id }), "session_not_found");
      expect(await story.git.text(["show", `refs/holdfast/sessions/${id}/backup:a.txt`])).toBe("typed");
    }));
});
