import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { FileAction } from "../domain/file-action.ts";
import { ZERO_ID } from "../domain/ref-update.ts";
import { ConflictError, GitError, NotFoundError, ValidationError } from "../errors.ts";
import { changing, type ContractCheck, type ContractContext } from "./contract-check.ts";
import { equalText, rejectionOf } from "./expectations.ts";
import { ABSENT_ID, created, filesAt, start, textAt, tipOf, write } from "./written-repository.ts";

/** How far the clocks of client and server may differ. */
const CLOCKS_DIFFER_MS = 300_000;
const WRITERS = 8;

/** Modes of files by path. */
async function modesAt({ adapter, repo }: ContractContext, revision: string): Promise<Record<string, string>> {
  const entries = await adapter.getTreeEntries(repo, { revision, recursive: true });
  return Object.fromEntries(
    entries.filter(({ type }) => type === "blob").map(({ path, mode }) => [path, mode.toString(8)]),
  );
}

/** Writing files: the commit that comes of it. */
const COMMITS: readonly ContractCheck[] = [
  changing("commit files then find the commit", async (context) => {
    const { adapter, repo, user } = context;
    await adapter.createRepo(repo);
    const message = "Add two files\n\nBecause they were missing.\n";
    const actions = created({ "a.txt": "a\n", "folder/b.txt": "b\n" });
    const result = await adapter.commitFiles(repo, { branch: "main", message, user, actions });
    equal(result.branchCreated, true);
    const commit = await adapter.findCommit(repo, result.commitId);
    ok(commit !== null, "the commit is found");
    equal(commit.id, result.commitId);
    equal(commit.subject, "Add two files");
    equal(commit.body, message);
    equal(commit.bodyTruncated, false);
    deepEqual(commit.parentIds, []);
    for (const { name, email, date } of [commit.author, commit.committer]) {
      deepEqual({ name, email }, { name: user.name, email: user.email });
      ok(Math.abs(Date.now() - date.getTime()) < CLOCKS_DIFFER_MS, "the commit is made now");
      equal(date.getMilliseconds(), 0);
    }
    equal(await tipOf(context, "main"), result.commitId);
    deepEqual(await filesAt(context, "main"), ["a.txt", "folder/b.txt"]);
  }),

  changing("a second commit stands on the first", async (context) => {
    const { adapter, repo, user } = context;
    const first = await start(context);
    const actions = created({ "b.txt": "b\n" });
    const result = await adapter.commitFiles(repo, { branch: "main", message: "Second", user, actions });
    equal(result.branchCreated, false);
    deepEqual((await adapter.findCommit(repo, result.commitId))?.parentIds, [first]);
    deepEqual(await filesAt(context, first), ["README.md"]);
    deepEqual(await filesAt(context, "main"), ["README.md", "b.txt"]);
  }),

  changing("another author than the user", async (context) => {
    const { adapter, repo, user } = context;
    await adapter.createRepo(repo);
    const author = { name: "Zoë Autor", email: "zoe@example.org" };
    const commit = await adapter.findCommit(repo, await write(context, created({ "a.txt": "a\n" }), { author }));
    deepEqual({ name: commit?.author.name, email: commit?.author.email }, author);
    deepEqual({ name: commit?.committer.name, email: commit?.committer.email }, { name: user.name, email: user.email });
  }),

  changing("actions come one by one", async (context) => {
    await context.adapter.createRepo(context.repo);
    async function* actions(): AsyncGenerator<FileAction> {
      for (let index = 0; index < 5; index++)
        yield await Promise.resolve({ type: "create", path: `${index}.txt`, content: `${index}\n` } as const);
    }
    await write(context, actions());
    deepEqual(await filesAt(context, "main"), ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt"]);
  }),

  changing("actions that break off leave the branch", async (context) => {
    const first = await start(context);
    const broken = new Error("the source of the files broke off");
    async function* actions(): AsyncGenerator<FileAction> {
      yield await Promise.resolve({ type: "create", path: "half.txt", content: "half\n" } as const);
      throw broken;
    }
    await rejects(write(context, actions()), (error) => error === broken);
    equal(await tipOf(context, "main"), first);
  }),

  changing("a message beyond ASCII, and a long one", async (context) => {
    const { adapter, repo } = context;
    await adapter.createRepo(repo);
    const unicode = "Grüße an 世界 🙂\n\nZeile\n";
    const first = await adapter.findCommit(
      repo,
      await write(context, created({ "a.txt": "a\n" }), { message: unicode }),
    );
    deepEqual({ subject: first?.subject, body: first?.body }, { subject: "Grüße an 世界 🙂", body: unicode });
    const long = `Long\n\n${"All work and no play makes a dull line.\n".repeat(600)}`;
    const second = await adapter.findCommit(repo, await write(context, created({ "b.txt": "b\n" }), { message: long }));
    ok(second !== null && long.startsWith(second.body) && second.body.length > 1000, "the body begins the message");
    equal(second.bodyTruncated, second.body.length < long.length);
  }),
];

/** Writing files: what each action does. */
const ACTIONS: readonly ContractCheck[] = [
  changing("create, update, move, delete in one commit", async (context) => {
    await start(context, { "a.txt": "a\n", "b.txt": "b\n", "c/d.txt": "d\n" });
    await write(context, [
      { type: "create", path: "new.txt", content: "new\n" },
      { type: "update", path: "a.txt", content: "A\n" },
      { type: "move", path: "moved/b.txt", previousPath: "b.txt" },
      { type: "delete", path: "c/d.txt" },
    ]);
    deepEqual(await filesAt(context, "main"), ["a.txt", "moved/b.txt", "new.txt"]);
    equal(await textAt(context, "main", "a.txt"), "A\n");
    equal(await textAt(context, "main", "moved/b.txt"), "b\n");
    const entries = await context.adapter.getTreeEntries(context.repo, { revision: "main" });
    deepEqual(
      entries.map(({ path }) => path),
      ["a.txt", "moved", "new.txt"],
    );
  }),

  changing("a later action sees what an earlier one did", async (context) => {
    await start(context);
    await write(context, [
      { type: "create", path: "a.txt", content: "a\n" },
      { type: "update", path: "a.txt", content: "b\n" },
      { type: "move", path: "b.txt", previousPath: "a.txt" },
      { type: "chmod", path: "b.txt", executable: true },
    ]);
    equal(await textAt(context, "main", "b.txt"), "b\n");
    deepEqual(await modesAt(context, "main"), { "README.md": "100644", "b.txt": "100755" });
  }),

  changing("a move takes content and mode along, or other content", async (context) => {
    await context.adapter.createRepo(context.repo);
    await write(context, [
      { type: "create", path: "run.sh", content: "#!/bin/sh\n", executable: true },
      { type: "create", path: "text.txt", content: "old\n" },
    ]);
    await write(context, [
      { type: "move", path: "bin/run.sh", previousPath: "run.sh" },
      { type: "move", path: "other.txt", previousPath: "text.txt", content: "other\n" },
    ]);
    equal(await textAt(context, "main", "bin/run.sh"), "#!/bin/sh\n");
    equal(await textAt(context, "main", "other.txt"), "other\n");
    deepEqual(await modesAt(context, "main"), { "bin/run.sh": "100755", "other.txt": "100644" });
  }),

  changing("a move may empty a file", async (context) => {
    await start(context);
    await write(context, [{ type: "move", path: "empty.txt", previousPath: "README.md", content: "" }]);
    equal(await textAt(context, "main", "empty.txt"), "");
  }),

  changing("a folder is kept by an empty file", async (context) => {
    await start(context);
    await write(context, [{ type: "createDir", path: "new/folder" }]);
    deepEqual(await filesAt(context, "main"), ["README.md", "new/folder/.gitkeep"]);
    equal(await textAt(context, "main", "new/folder/.gitkeep"), "");
  }),

  changing("a file becomes executable and ordinary again", async (context) => {
    await context.adapter.createRepo(context.repo);
    await write(context, [
      { type: "create", path: "run.sh", content: "#!/bin/sh\n", executable: true },
      { type: "create", path: "plain.txt", content: "plain\n", executable: false },
    ]);
    deepEqual(await modesAt(context, "main"), { "plain.txt": "100644", "run.sh": "100755" });
    await write(context, [
      { type: "chmod", path: "run.sh", executable: false },
      { type: "chmod", path: "plain.txt", executable: true },
    ]);
    deepEqual(await modesAt(context, "main"), { "plain.txt": "100755", "run.sh": "100644" });
    equal(await textAt(context, "main", "run.sh"), "#!/bin/sh\n");
    await write(context, [{ type: "update", path: "plain.txt", content: "more\n" }]);
    deepEqual(await modesAt(context, "main"), { "plain.txt": "100755", "run.sh": "100644" });
  }),

  changing("text is written as UTF-8, bytes as they are", async (context) => {
    const { adapter, repo } = context;
    await start(context, { "text.txt": "é\n", "bytes.txt": Uint8Array.of(0xc3, 0xa9, 0x0a) });
    equalText(await adapter.getBlob(repo, { revision: "main", path: "bytes.txt" }), "é\n");
    const entries = await adapter.getTreeEntries(repo, { revision: "main" });
    equal(new Set(entries.map(({ oid }) => oid)).size, 1);
  }),
];

const MISPLACED: readonly FileAction[] = [
  { type: "create", path: "README.md", content: "again\n" },
  { type: "update", path: "nowhere.txt", content: "x\n" },
  { type: "delete", path: "nowhere.txt" },
  { type: "move", path: "new.txt", previousPath: "nowhere.txt" },
  { type: "move", path: "README.md", previousPath: "folder/a.txt" },
  { type: "chmod", path: "nowhere.txt", executable: true },
  { type: "createDir", path: "folder" },
  { type: "createDir", path: "README.md" },
];

const REFUSED_PATHS = ["", "../x", "a/../../x", ".git/config", ".git", "a//b", "/"];

/** Writing files: when it is refused. */
const REFUSALS: readonly ContractCheck[] = [
  changing("what an action needs is not there", async (context) => {
    const first = await start(context, { "README.md": "hello\n", "folder/a.txt": "a\n" });
    for (const action of MISPLACED) await rejectionOf(JSON.stringify(action), write(context, [action]), ConflictError);
    equal(await tipOf(context, "main"), first);
  }),

  changing("paths that Git refuses", async (context) => {
    const first = await start(context);
    for (const path of REFUSED_PATHS) {
      const action: FileAction = { type: "create", path, content: "x\n" };
      await rejectionOf(`"${path}"`, write(context, [action]), ValidationError);
    }
    await rejectionOf(
      "move from outside",
      write(context, [{ type: "move", path: "x", previousPath: "../x" }]),
      ValidationError,
    );
    equal(await tipOf(context, "main"), first);
  }),

  changing("a commit needs a branch and a message", async (context) => {
    const first = await start(context);
    const actions = created({ "b.txt": "b\n" });
    await rejectionOf("no branch", write(context, actions, { branch: "" }), ValidationError);
    await rejectionOf("no message", write(context, actions, { message: "" }), ValidationError);
    await rejectionOf("a bad branch", write(context, actions, { branch: "two..dots" }), ValidationError);
    equal(await tipOf(context, "main"), first);
  }),

  changing("a user needs a name and a mail address", async (context) => {
    const first = await start(context);
    const actions = created({ "b.txt": "b\n" });
    const { user } = context;
    await rejectionOf("no name", write(context, actions, { user: { ...user, name: "" } }), ValidationError);
    await rejectionOf("no mail", write(context, actions, { user: { ...user, email: "" } }), ValidationError);
    equal(await tipOf(context, "main"), first);
  }),
];

/** Writing files: which branch, and what it is expected to be. */
const BRANCHES: readonly ContractCheck[] = [
  changing("a new branch starts from another", async (context) => {
    const { adapter, repo, user } = context;
    const first = await start(context);
    await write(context, created({ "later.txt": "later\n" }), { branch: "other", startBranch: "main" });
    const actions = created({ "b.txt": "b\n" });
    const request = { branch: "topic", startBranch: "other", message: "Topic", user, actions };
    equal((await adapter.commitFiles(repo, request)).branchCreated, true);
    deepEqual(await filesAt(context, "topic"), ["README.md", "b.txt", "later.txt"]);
    equal(await tipOf(context, "main"), first);
  }),

  changing("a new branch starts from the default branch", async (context) => {
    const first = await start(context);
    const id = await write(context, created({ "b.txt": "b\n" }), { branch: "topic" });
    deepEqual((await context.adapter.findCommit(context.repo, id))?.parentIds, [first]);
    equal(await tipOf(context, "main"), first);
  }),

  changing("a branch that exists goes on from where it is", async (context) => {
    await start(context);
    const second = await write(context, created({ "b.txt": "b\n" }), { branch: "topic", startBranch: "main" });
    const third = await write(context, created({ "c.txt": "c\n" }), { branch: "topic" });
    deepEqual((await context.adapter.findCommit(context.repo, third))?.parentIds, [second]);
  }),

  changing("a start branch must exist", async (context) => {
    await start(context);
    const more = { branch: "topic", startBranch: "nowhere" };
    await rejectionOf("start", write(context, created({ "b.txt": "b\n" }), more), NotFoundError);
    equal(await tipOf(context, "topic"), undefined);
  }),

  changing("a commit only where the branch is expected", async (context) => {
    const first = await start(context);
    const second = await write(context, created({ "b.txt": "b\n" }), { expectedOldId: first });
    const stale = write(context, created({ "c.txt": "c\n" }), { expectedOldId: first });
    const error = await rejectionOf("stale", stale, ConflictError);
    equal(error.outcomeUnknown, false);
    equal(error.retryable, false);
    equal(await tipOf(context, "main"), second);
    await write(context, created({ "c.txt": "c\n" }), { expectedOldId: second });
  }),

  changing("a commit on an expected id that does not exist", async (context) => {
    const first = await start(context);
    const request = { expectedOldId: ABSENT_ID };
    await rejectionOf("absent", write(context, created({ "b.txt": "b\n" }), request), GitError);
    equal(await tipOf(context, "main"), first);
  }),

  changing("a commit only where there is no branch yet", async (context) => {
    const first = await start(context);
    const more = { expectedOldId: ZERO_ID };
    await rejectionOf("main", write(context, created({ "b.txt": "b\n" }), more), ConflictError);
    equal(await tipOf(context, "main"), first);
    const second = await write(context, created({ "b.txt": "b\n" }), { ...more, branch: "topic", startBranch: "main" });
    equal(await tipOf(context, "topic"), second);
  }),

  changing("of writers that expect the same, one wins", async (context) => {
    const expectedOldId = await start(context);
    const writers = Array.from({ length: WRITERS }, (_, index) =>
      write(context, created({ [`${index}.txt`]: `${index}\n` }), { expectedOldId }),
    );
    const outcomes = await Promise.allSettled(writers);
    const won = outcomes.filter((outcome) => outcome.status === "fulfilled");
    const lost = outcomes.filter((outcome) => outcome.status === "rejected");
    equal(won.length, 1);
    for (const { reason } of lost) ok(reason instanceof ConflictError, `lost with ${String(reason)}`);
    equal(await tipOf(context, "main"), won[0]?.value);
  }),
];

/** Writing files. */
export const COMMIT_FILES_CHECKS: readonly ContractCheck[] = [...COMMITS, ...ACTIONS, ...REFUSALS, ...BRANCHES];
