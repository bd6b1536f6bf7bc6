import { expect, test } from "bun:test";
import {
  applyStash,
  commitSession,
  commitWorktree,
  deleteSessionFile,
  deleteWorktreeFile,
  discardChanges,
  dropStash,
  openSession,
  operations,
  popStash,
  pushSession,
  readSessionFile,
  resetSession,
  saveStash,
  showSession,
  stage,
  stagePatch,
  unstage,
  writeSessionFile,
  writeWorktreeFile,
} from "../../../src/operations/index.ts";
import { failure } from "../../support/read-story.ts";
import { onBothBackends, type SessionStory } from "../../support/session-story.ts";

const OTHER = "1".repeat(40);
const NONE = "0".repeat(40);
const bytes = (text: string) => Buffer.from(text, "latin1");
const PATCH = bytes("--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-one\n+two\n");

type Write = [
  name: string,
  run: (story: SessionStory, at: { session: string; expectedOid: string }) => Promise<unknown>,
];

/** Everything that is written in a session, each as it would be asked for. */
const WRITES: Write[] = [
  [stage.name, (story, at) => story.run(stage, { path: "README.md", ...at })],
  [stagePatch.name, (story, at) => story.run(stagePatch, { patch: PATCH, ...at })],
  [unstage.name, (story, at) => story.run(unstage, at)],
  [discardChanges.name, (story, at) => story.run(discardChanges, at)],
  [saveStash.name, (story, at) => story.run(saveStash, at)],
  [applyStash.name, (story, at) => story.run(applyStash, { stash: "0", ...at })],
  [popStash.name, (story, at) => story.run(popStash, { stash: "0", ...at })],
  [dropStash.name, (story, at) => story.run(dropStash, { stash: "0", ...at })],
  [resetSession.name, (story, at) => story.run(resetSession, { mode: "hard", ...at })],
  [commitSession.name, (story, at) => story.run(commitSession, { message: bytes("a commit"), all: true, ...at })],
  [pushSession.name, (story, at) => story.run(pushSession, at)],
];
/** The same for files, whose own id may be expected as well. */
const FILE_WRITES: Write[] = [
  [
    writeSessionFile.name,
    (story, at) => story.run(writeSessionFile, { path: "README.md", content: bytes("three\n"), ...at }),
  ],
  [deleteSessionFile.name, (story, at) => story.run(deleteSessionFile, { path: "README.md", ...at })],
];

async function openWithStash(story: SessionStory) {
  await story.git.commit({ files: { "README.md": "one\n" } });
  const { id: session, head } = await story.run(openSession, { branch: "main" });
  await story.run(writeSessionFile, { session, path: "stashed", content: bytes("put away\n") });
  await story.run(saveStash, { session, includeUntracked: true });
  await story.run(writeSessionFile, { session, path: "README.md", content: bytes("two\n") });
  return { session, head: head! };
}

/** All that git sees of a session. */
async function seen(story: SessionStory, session: string): Promise<string[]> {
  const ask = (...args: string[]) => story.inSession(session, args);
  return [
    await ask("status", "--porcelain"),
    await ask("diff"),
    await ask("stash", "list"),
    await ask("rev-parse", "HEAD"),
    await story.git.text(["rev-parse", "main"]),
  ];
}

test("everything that is written in a session may be told what to expect", () => {
  const tried = new Set<string>([...WRITES, ...FILE_WRITES].map(([name]) => name));
  // They are the same in the caller's default session.
  for (const { name } of [commitWorktree, writeWorktreeFile, deleteWorktreeFile]) tried.add(name);
  const written = operations.filter(
    ({ kind, input, route }) => kind === "write" && route !== undefined && "session" in input.properties,
  );
  // A lease says nothing of what is in the session, and its end loses nothing.
  const others = written.map(({ name }) => name).filter((name) => !tried.has(name));
  expect(others.toSorted()).toEqual(["closeSession", "renewSession"]);
  for (const { name, route } of written)
    if (tried.has(name)) expect([name, route!.ifMatch]).toEqual([name, "expectedOid"]);
});

onBothBackends("a write that expects another head is refused, and changes nothing", async (story) => {
  const { session } = await openWithStash(story);
  const before = await seen(story, session);
  for (const [writes, reason] of [
    [WRITES, "reference_mismatch"],
    [FILE_WRITES, "file_mismatch"],
  ] as const) {
    for (const [, run] of writes) {
      await failure(run(story, { session, expectedOid: OTHER }), reason);
      await failure(run(story, { session, expectedOid: NONE }), reason);
      await failure(run(story, { session, expectedOid: "main" }), "invalid_object_id");
      expect(await seen(story, session)).toEqual(before);
    }
  }
});

onBothBackends("a write that expects the head that is there is done", async (story) => {
  const { session, head: expectedOid } = await openWithStash(story);
  const at = { session, expectedOid };
  await story.run(stage, { path: "README.md", ...at });
  await story.run(unstage, at);
  await story.run(saveStash, at);
  await story.run(popStash, { stash: "0", ...at });
  await story.run(commitSession, { message: bytes("a commit"), all: true, ...at });
  const { head } = await story.run(showSession, { session });
  expect(head).not.toBe(expectedOid);
  await failure(story.run(pushSession, { session, expectedOid }), "reference_mismatch");
  await story.run(pushSession, { session, expectedOid: head! });
  expect(await story.git.text(["rev-parse", "main"])).toBe(head!);
});

onBothBackends("a file is written and deleted where it is what was read", async (story) => {
  const { session, head } = await openWithStash(story);
  const at = { session, path: "README.md" };
  const { oid } = await story.run(readSessionFile, at);
  expect(oid).toBe(await story.inSession(session, ["hash-object", "README.md"]));
  const written = await story.run(writeSessionFile, { ...at, content: bytes("three\n"), expectedOid: oid });
  expect(written.oid).toBe(await story.inSession(session, ["hash-object", "README.md"]));
  await failure(story.run(writeSessionFile, { ...at, content: bytes("four\n"), expectedOid: oid }), "file_mismatch");
  await story.run(writeSessionFile, { ...at, content: bytes("five\n"), expectedOid: head });
  await story.run(writeSessionFile, { session, path: "new", content: bytes("n\n"), expectedOid: NONE });
  await failure(story.run(deleteSessionFile, { ...at, expectedOid: written.oid }), "file_mismatch");
  await story.run(deleteSessionFile, { ...at, expectedOid: (await story.run(readSessionFile, at)).oid });
  await failure(story.run(readSessionFile, at), "path_not_found");
});
