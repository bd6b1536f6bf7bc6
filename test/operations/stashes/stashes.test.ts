import { describe, expect, test } from "bun:test";
import {
  applyStash,
  collectGarbage,
  commitSession,
  discardChanges,
  dropStash,
  listStashes,
  openSession,
  popStash,
  readSessionFile,
  resetSession,
  saveStash,
  stage,
  writeSessionFile,
} from "../../../src/operations/index.ts";
import { failure } from "../../support/read-story.ts";
import { onBothBackends, SessionStory } from "../../support/session-story.ts";

const FILES = { "README.md": "1\n2\n3\n", "docs/a.txt": "a\n" };
const bytes = (text: string) => Buffer.from(text, "latin1");

const write = (story: SessionStory, session: string, path: string, text: string) =>
  story.run(writeSessionFile, { session, path, content: bytes(text) });

const status = async (story: SessionStory, id: string): Promise<string[]> =>
  (await story.inSession(id, ["status", "--porcelain", "--untracked-files=all"])).split("\n").filter(Boolean);

async function openChanged(story: SessionStory, checkout: "full" | "lazy" = "lazy"): Promise<string> {
  await story.git.commit({ files: FILES });
  const { id } = await story.run(openSession, { branch: "main", checkout });
  await write(story, id, "README.md", "1\nmine\n3\n");
  await write(story, id, "new", "n\n");
  return id;
}

describe("saveStash", () => {
  for (const checkout of ["full", "lazy"] as const) {
    onBothBackends(`puts changes of a ${checkout} session away, where git and gc find them`, async (story) => {
      const session = await openChanged(story, checkout);
      const saved = await story.run(saveStash, { session, message: bytes("half done"), includeUntracked: true });
      expect(saved).toMatchObject({ position: 0, message: bytes("On main: half done") });
      expect(await status(story, session)).toEqual([]);
      expect(await story.inSession(session, ["stash", "list"])).toBe("stash@{0}: On main: half done");
      expect(await story.inSession(session, ["log", "-1", "--format=%an <%ae>", saved.id])).toBe(
        "alice <alice@example.com>",
      );
      expect(await story.git.text(["rev-parse", `refs/holdfast/sessions/${session}/stash/${saved.id}`])).toBe(saved.id);
      await failure(story.run(saveStash, { session }), "nothing_to_stash");
      await failure(story.run(saveStash, { session, message: bytes("a\nb") }), "invalid_input");
      await story.git.git(["gc", "--quiet", "--prune=now"]);
      await story.run(popStash, { session, stash: "0" });
      expect(await status(story, session)).toEqual([" M README.md", "?? new"]);
    });
  }
});

describe("listStashes", () => {
  onBothBackends("lists them, the newest first, in pages", async (story) => {
    const session = await openChanged(story);
    for (const name of ["first", "second", "third"]) {
      await write(story, session, "README.md", name);
      await story.run(saveStash, { session, message: bytes(name) });
    }
    const names: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await story.run(listStashes, { session, limit: 2, ...(cursor != null && { cursor }) });
      names.push(...page.items.map(({ message }) => Buffer.from(message).toString()));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(names).toEqual(["On main: third", "On main: second", "On main: first"]);
    await failure(story.run(listStashes, { session, cursor: "x" }), "page_token_not_found");
    await failure(story.run(listStashes, { session }, story.bob), "session_not_found");
  });
});

describe("applyStash", () => {
  onBothBackends("brings back what was staged as it was, and keeps the stash", async (story) => {
    const session = await openChanged(story);
    await story.run(stage, { session, path: "README.md" });
    const { id } = await story.run(saveStash, { session, includeUntracked: true });
    expect(await story.run(applyStash, { session, stash: id, index: true })).toEqual({ id, conflictingPaths: [] });
    expect(await status(story, session)).toEqual(["M  README.md", "?? new"]);
    expect((await story.run(listStashes, { session })).items).toHaveLength(1);
    await failure(story.run(applyStash, { session, stash: "1" }), "stash_not_found");
    await failure(story.run(applyStash, { session, stash: "HEAD" }), "stash_not_found");
  });
});

describe("popStash", () => {
  onBothBackends("keeps the stash where files conflict, and loses nothing", async (story) => {
    const session = await openChanged(story);
    const { id } = await story.run(saveStash, { session });
    await write(story, session, "README.md", "1\ntheirs\n3\n");
    const dirty = await failure(story.run(popStash, { session, stash: "0" }), "worktree_dirty");
    expect(dirty.details).toEqual({ paths: ["README.md"] });
    await story.run(commitSession, { session, message: bytes("theirs") });
    expect(await story.run(popStash, { session, stash: "0" })).toEqual({
      id,
      conflictingPaths: ["README.md"],
      isDropped: false,
    });
    const { content } = await story.run(readSessionFile, { session, path: "README.md" });
    expect(Buffer.from(content).toString()).toMatch(/theirs[^]*mine/);
    expect(Buffer.from((await story.run(readSessionFile, { session, path: "new" })).content).toString()).toBe("n\n");
    await failure(story.run(discardChanges, { session }), "index_unmerged");
    // Once it is settled the rest goes on.
    await write(story, session, "README.md", "1\nboth\n3\n");
    await story.run(stage, { session, path: "README.md" });
    expect((await status(story, session))[0]).toBe("M  README.md");
    await story.run(resetSession, { session, mode: "hard" });
    expect((await story.run(listStashes, { session })).items.map((stash) => stash.id)).toEqual([id]);
  });
});

describe("dropStash", () => {
  onBothBackends("forgets one, here and in the repository", async (story) => {
    const session = await openChanged(story);
    const first = await story.run(saveStash, { session });
    await write(story, session, "README.md", "second");
    const second = await story.run(saveStash, { session });
    expect(await story.run(dropStash, { session, stash: "1" })).toEqual({});
    expect((await story.run(listStashes, { session })).items.map(({ id }) => id)).toEqual([second.id]);
    await failure(story.run(dropStash, { session, stash: first.id }), "stash_not_found");
    await story.run(dropStash, { session, stash: second.id });
    expect(await story.git.text(["for-each-ref", `refs/holdfast/sessions/${session}/stash`])).toBe("");
    expect(await story.inSession(session, ["stash", "list"])).toBe("");
  });
});

test("stashes of a SHA-256 repository outlive garbage collection", async () => {
  const story = await SessionStory.open({}, { objectFormat: "sha256" });
  try {
    const session = await openChanged(story);
    const { id } = await story.run(saveStash, { session, includeUntracked: true });
    expect(id).toHaveLength(64);
    for await (const _ of story.run(collectGarbage, {}, { kind: "control" } as never) as AsyncIterable<unknown>);
    await story.run(popStash, { session, stash: id });
    expect(await status(story, session)).toEqual([" M README.md", "?? new"]);
    expect(await story.inSession(session, ["fsck", "--strict"])).not.toContain("error");
  } finally {
    await story.close();
  }
});
