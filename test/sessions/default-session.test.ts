import { describe, expect, test } from "bun:test";
import { RepositoryField, Type } from "../../src/contract/fields.ts";
import { defineOperation } from "../../src/contract/operation.ts";
import {
  closeSession,
  commitSession,
  listSessions,
  openSession,
  pushSession,
  writeSessionFile,
} from "../../src/operations/index.ts";
import { failure } from "../support/read-story.ts";
import { onBothBackends, SessionStory } from "../support/session-story.ts";

/** Stands for every operation that may be told a session and need not be. */
const touch = defineOperation({
  name: "touch",
  summary: "",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, path: Type.String() }),
  output: Type.Object({ id: Type.String() }),
  errors: [],
  examples: [],
  run: ({ path }, { repository, sessions }) =>
    sessions.writing(repository, undefined, async ({ info, files }) => {
      await files.write(path, Buffer.from("x"));
      return { id: info.id };
    }),
});

async function sessionsOf(story: SessionStory) {
  const listed = [];
  for await (const batch of story.run(listSessions, {})) listed.push(...batch);
  return listed;
}

describe("a default session", () => {
  onBothBackends("is made once, however many need it first, on the default branch", async (story) => {
    await story.git.commit({ files: { a: "1" } });
    const used = await Promise.all(["b", "c", "d", "e"].map((path) => story.run(touch, { path })));
    expect(new Set(used.map(({ id }) => id)).size).toBe(1);
    expect(await sessionsOf(story)).toMatchObject([
      { id: used[0]!.id, branch: "main", isDefault: true, isDirty: true },
    ]);
    // Another user has another one, and one that was opened by name is none.
    expect((await story.run(touch, { path: "b" }, story.bob)).id).not.toBe(used[0]!.id);
    await story.run(openSession, { branch: "main" });
    expect((await story.run(touch, { path: "f" })).id).toBe(used[0]!.id);
    await story.run(closeSession, { session: used[0]!.id });
    expect((await story.run(touch, { path: "g" })).id).not.toBe(used[0]!.id);
  });

  test("is not made where the server makes none", async () => {
    const story = await SessionStory.open({ defaultSessions: false });
    try {
      await failure(story.run(touch, { path: "a" }), "session_required");
    } finally {
      await story.close();
    }
  });

  test("there are not more sessions than the settings allow", async () => {
    const story = await SessionStory.open({ sessionsPerUserMax: 1, sessionsMax: 2 });
    try {
      await story.run(openSession, {});
      const error = await failure(story.run(openSession, {}), "limit_exceeded");
      expect(error.details).toMatchObject({ limit: "sessions of one owner", maximum: 1 });
      await story.run(openSession, {}, story.bob);
      const full = await failure(story.run(openSession, {}, story.test.caller.principal), "limit_exceeded");
      expect(full.details).toMatchObject({ limit: "sessions of the server", maximum: 2 });
    } finally {
      await story.close();
    }
  });
});

describe("a session of a SHA-256 repository", () => {
  for (const backend of ["libgit2", "shell"] as const) {
    test(`is opened, written in, committed and pushed (${backend})`, async () => {
      const story = await SessionStory.open({ backend }, { objectFormat: "sha256" });
      try {
        await story.git.commit({ files: { a: "1" } });
        const { id } = await story.run(openSession, { branch: "main" });
        await story.run(writeSessionFile, { session: id, path: "b/c", content: Buffer.from("2") });
        const { commit } = await story.run(commitSession, { session: id, message: Buffer.from("m") });
        expect(commit).toHaveLength(64);
        await story.run(pushSession, { session: id });
        expect(await story.git.text(["show", "main:b/c"])).toBe("2");
        expect(await story.inSession(id, ["status", "--porcelain"])).toBe("");
        await story.git.git(["fsck", "--strict"]);
      } finally {
        await story.close();
      }
    });
  }
});
