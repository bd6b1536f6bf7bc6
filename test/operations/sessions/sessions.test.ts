import { describe, expect } from "bun:test";
import {
  closeSession,
  commitSession,
  listSessions,
  openSession,
  pushSession,
  readSessionFile,
  renewSession,
  sessionStatus,
  showSession,
  stage,
  writeSessionFile,
} from "../../../src/operations/index.ts";
import { failure } from "../../support/read-story.ts";
import { onBothBackends, type SessionStory } from "../../support/session-story.ts";

const FILES = { "README.md": "# Demo\n", "docs/a.txt": "a\n", "docs/deep/b.txt": "b\n" };

const write = (story: SessionStory, session: string, path: string, text: string) =>
  story.run(writeSessionFile, { session, path, content: Buffer.from(text) });

const text = (content: Uint8Array): string => Buffer.from(content).toString();

describe("openSession", () => {
  for (const checkout of ["full", "lazy"] as const) {
    onBothBackends(`makes a ${checkout} worktree that git finds clean`, async (story) => {
      const head = await story.git.commit({ files: FILES });
      const session = await story.run(openSession, { branch: "main", checkout });
      expect(session).toMatchObject({ branch: "main", base: head, head, state: "open", checkout, pushes: true });
      expect(await story.inSession(session.id, ["status", "--porcelain"])).toBe("");
      expect(await story.inSession(session.id, ["rev-parse", "HEAD", "--symbolic-full-name", "HEAD"])).toBe(
        `${head}\nrefs/heads/main`,
      );
      expect(await story.inSession(session.id, ["ls-files"])).toBe("README.md\ndocs/a.txt\ndocs/deep/b.txt");
      expect(await story.git.text(["rev-parse", `refs/holdfast/sessions/${session.id}/head`])).toBe(head);
      const read = await story.run(readSessionFile, { session: session.id, path: "docs/a.txt" });
      expect([text(read.content), read.mode, read.size]).toEqual(["a\n", "100644", 2]);
    });
  }

  onBothBackends("begins on a branch of its own, or without any commit", async (story) => {
    const first = await story.run(openSession, {});
    expect(first).toMatchObject({ branch: `session/${first.id}`, base: null, head: null });
    await write(story, first.id, "a", "1");
    await story.run(commitSession, { session: first.id, message: Buffer.from("first") });
    await story.run(pushSession, { session: first.id });
    expect(await story.git.text(["show", `session/${first.id}:a`])).toBe("1");
    const head = await story.git.commit({ files: FILES });
    const second = await story.run(openSession, { from: "main" });
    expect(second).toMatchObject({ branch: `session/${second.id}`, base: null, head });
    await failure(story.run(openSession, { from: "none" }), "revision_not_found");
    await failure(story.run(openSession, { branch: "a..b" }), "invalid_reference_name");
  });
});

describe("commitSession", () => {
  for (const checkout of ["full", "lazy"] as const) {
    onBothBackends(`commits what was written in a ${checkout} session, and git agrees`, async (story) => {
      const parent = await story.git.commit({ files: FILES });
      const { id } = await story.run(openSession, { branch: "main", checkout });
      await write(story, id, "docs/a.txt", "changed\n");
      await write(story, id, "new/file.txt", "new\n");
      const status = await story.run(sessionStatus, { session: id });
      expect(status.items).toEqual([
        { path: "docs/a.txt", index: "unmodified", worktree: "modified" },
        { path: "new/file.txt", index: "untracked", worktree: "untracked" },
      ]);
      const made = await story.run(commitSession, { session: id, message: Buffer.from("work") });
      expect(made.parent).toBe(parent);
      expect(await story.inSession(id, ["status", "--porcelain"])).toBe("");
      expect(await story.inSession(id, ["log", "--format=%H %an <%ae> %s"])).toStartWith(
        `${made.commit} alice <alice@example.com> work\n`,
      );
      expect(await story.git.text(["rev-parse", `refs/holdfast/sessions/${id}/head`])).toBe(made.commit);
      // The repository has it all, and the branch is where it was.
      expect(await story.git.text(["rev-parse", "main"])).toBe(parent);
      expect(await story.git.text(["diff", "--name-status", parent, made.commit])).toBe(
        "M\tdocs/a.txt\nA\tnew/file.txt",
      );
      await story.git.git(["fsck", "--strict"]);
      await failure(story.run(commitSession, { session: id, message: Buffer.from("x") }), "nothing_to_commit");
      const pushed = await story.run(pushSession, { session: id });
      expect(pushed).toEqual({ branch: "main", oldOid: parent, newOid: made.commit });
      expect(await story.git.text(["rev-parse", "main"])).toBe(made.commit);
      expect(await story.run(showSession, { session: id })).toMatchObject({ base: made.commit, isDirty: false });
    });
  }
});

describe("pushSession", () => {
  onBothBackends("two sessions on one branch: the second push is refused, with nothing lost", async (story) => {
    const base = await story.git.commit({ files: FILES });
    const one = await story.run(openSession, { branch: "main" });
    const two = await story.run(openSession, { branch: "main" });
    const commits: string[] = [];
    for (const { id } of [one, two]) {
      await write(story, id, "README.md", `by ${id}\n`);
      commits.push((await story.run(commitSession, { session: id, message: Buffer.from(id) })).commit);
    }
    await story.run(pushSession, { session: one.id });
    const refused = await failure(story.run(pushSession, { session: two.id }), "reference_mismatch");
    expect(refused.details).toEqual({ reference: "refs/heads/main", expected: base, actual: commits[0]! });
    expect(await story.git.text(["rev-parse", "main"])).toBe(commits[0]!);
    const read = await story.run(readSessionFile, { session: two.id, path: "README.md" });
    expect(text(read.content)).toBe(`by ${two.id}\n`);
    expect(await story.run(showSession, { session: two.id })).toMatchObject({ head: commits[1]!, base });
    await story.run(pushSession, { session: two.id, branch: "other" });
    expect(await story.git.text(["rev-parse", "other"])).toBe(commits[1]!);
  });
});

describe("closeSession", () => {
  onBothBackends("keeps what no branch has in a backup", async (story) => {
    await story.git.commit({ files: FILES });
    const { id } = await story.run(openSession, { branch: "main" });
    await write(story, id, "README.md", "not committed\n");
    const { backup } = await story.run(closeSession, { session: id });
    expect(await story.git.text(["show", `refs/holdfast/sessions/${id}/backup:README.md`])).toBe("not committed");
    expect(await story.git.text(["for-each-ref", "--format=%(refname) %(objectname)", "refs/holdfast"])).toBe(
      `refs/holdfast/sessions/${id}/backup ${backup}`,
    );
    await failure(story.run(showSession, { session: id }), "session_not_found");
    const clean = await story.run(openSession, { branch: "main" });
    expect(await story.run(closeSession, { session: clean.id })).toEqual({ id: clean.id, backup: null });
    const dropped = await story.run(openSession, { branch: "main" });
    await write(story, dropped.id, "README.md", "dropped\n");
    expect(await story.run(closeSession, { session: dropped.id, discard: true })).toMatchObject({ backup: null });
    await story.git.git(["fsck", "--strict"]);
  });
});

describe("a session with ignored files", () => {
  for (const checkout of ["full", "lazy"] as const)
    onBothBackends(`commits none of them, and ends with a backup of all, ${checkout}`, async (story) => {
      const head = await story.git.commit({ files: { ...FILES, ".gitignore": "*.log\nbuild/\n" } });
      const { id } = await story.run(openSession, { branch: "main", checkout });
      await write(story, id, "a.log", "typed\n");
      await write(story, id, "build/deep/b", "built\n");
      await failure(
        story.run(commitSession, { session: id, message: Buffer.from("x"), all: true }),
        "nothing_to_commit",
      );
      const { backup } = await story.run(closeSession, { session: id });
      expect(await story.git.text(["diff", "--name-status", head, backup!])).toBe("A\ta.log\nA\tbuild/deep/b");
      expect(await story.git.text(["show", `${backup}:build/deep/b`])).toBe("built");
    });
});

describe("a session with a file that git cannot encode as its attributes say", () => {
  onBothBackends("says so, and ends with a backup of it as it is", async (story) => {
    await story.git.commit({ files: FILES });
    for (const [encoding, content] of [
      ["bogus", "abc"],
      ["UTF-16", "no mark"],
    ] as const) {
      const { id } = await story.run(openSession, { branch: "main" });
      await write(story, id, ".gitattributes", `*.enc working-tree-encoding=${encoding}\n`);
      await write(story, id, "a b.enc", content);
      const refused = await failure(story.run(stage, { session: id, path: "a b.enc" }), "invalid_input");
      expect(refused.details).toEqual({
        field: ".gitattributes",
        problem: "git cannot read a b.enc in the working-tree-encoding that is told for it",
      });
      const commit = { session: id, message: Buffer.from("m"), all: true };
      await failure(story.run(commitSession, commit), "invalid_input");
      const { backup } = await story.run(closeSession, { session: id });
      expect(await story.git.text(["show", `${backup}:a b.enc`])).toBe(content);
      expect(await story.git.text(["show", `${backup}:.gitattributes`])).toContain(encoding);
    }
  });
});

describe("closeSession, when branches have moved", () => {
  onBothBackends("keeps what was pushed to a branch that is not there any more, or is elsewhere", async (story) => {
    const base = await story.git.commit({ files: FILES });
    for (const moved of [
      ["-d", "refs/heads/work"],
      ["refs/heads/work", base],
    ]) {
      const { id } = await story.run(openSession, { branch: "work", from: "main" });
      await write(story, id, "README.md", "pushed\n");
      const { commit } = await story.run(commitSession, { session: id, message: Buffer.from("m") });
      await story.run(pushSession, { session: id });
      await story.git.git(["update-ref", ...moved]);
      expect(await story.run(closeSession, { session: id })).toEqual({ id, backup: commit });
      expect(await story.git.text(["show", `refs/holdfast/sessions/${id}/backup:README.md`])).toBe("pushed");
    }
  });

  onBothBackends("keeps nothing where others have built on it, or nothing was done", async (story) => {
    await story.git.commit({ files: FILES });
    const one = await story.run(openSession, { branch: "work", from: "main" });
    await write(story, one.id, "README.md", "pushed\n");
    await story.run(commitSession, { session: one.id, message: Buffer.from("m") });
    await story.run(pushSession, { session: one.id });
    const two = await story.run(openSession, { branch: "work" });
    await write(story, two.id, "README.md", "further\n");
    await story.run(commitSession, { session: two.id, message: Buffer.from("m") });
    await story.run(pushSession, { session: two.id });
    const idle = await story.run(openSession, {});
    for (const { id } of [one, two, idle])
      expect(await story.run(closeSession, { session: id })).toEqual({ id, backup: null });
    expect(await story.git.text(["for-each-ref", "refs/holdfast"])).toBe("");
  });
});

describe("showSession", () => {
  onBothBackends(
    "what belongs to somebody else is not there, and callers without credentials have none",
    async (story) => {
      await story.git.commit({ files: FILES });
      const { id } = await story.run(openSession, { branch: "main" });
      const foreign = await failure(story.run(showSession, { session: id }, story.bob), "session_not_found");
      const none = "f".repeat(24);
      const missing = await failure(story.run(showSession, { session: none }, story.bob), "session_not_found");
      expect({ ...foreign.details, session: none }).toEqual(missing.details);
      await failure(story.run(readSessionFile, { session: id, path: "README.md" }, story.bob), "session_not_found");
      await failure(story.run(closeSession, { session: id }, story.bob), "session_not_found");
      const anonymous = { kind: "anonymous", name: "anonymous" } as const;
      await failure(story.run(showSession, { session: id }, anonymous), "unauthenticated");
      await failure(story.run(openSession, {}, anonymous), "unauthenticated");
    },
  );
});

describe("listSessions", () => {
  onBothBackends("lists one's own", async (story) => {
    await story.git.commit({ files: FILES });
    const mine = await story.run(openSession, { branch: "main" });
    await story.run(openSession, { branch: "main" }, story.bob);
    const listed = [];
    for await (const batch of story.run(listSessions, {})) listed.push(...batch);
    expect(listed.map(({ id }) => id)).toEqual([mine.id]);
  });
});

describe("renewSession", () => {
  onBothBackends("puts the end off", async (story) => {
    const { id, expiresAt } = await story.run(openSession, {});
    const renewed = await story.run(renewSession, { session: id });
    expect(Date.parse(renewed.expiresAt)).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });
});
