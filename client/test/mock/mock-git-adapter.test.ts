import { beforeEach, describe, expect, test } from "bun:test";
import { ConflictError, type FileAction, GitError, NotFoundError } from "../../src/index.ts";
import { MockGitAdapter } from "../../src/testing.ts";

const repo = { storage: "default", relativePath: "alice/catalog.git" };
const user = { glId: "user-42", name: "Ada", email: "ada@example.org" };
const FIRST = "1".repeat(40);
const SECOND = "2".repeat(40);
const author = { name: "Ada", email: "ada@example.org", date: new Date("2026-01-02T03:04:05Z") };

const mock = new MockGitAdapter([
  {
    repo,
    commits: [{ id: FIRST, subject: "First", author }],
    branches: { main: { id: SECOND, body: "Second\n\nMore\n", parentIds: [FIRST], author }, old: FIRST },
    tags: { "v1.0": FIRST, "v2.0": { target: SECOND, id: "3".repeat(40), message: "Two", tagger: author } },
    files: { main: { "README.md": "hello\n", "src/bytes.bin": Uint8Array.of(0, 255) } },
  },
]);

beforeEach(() => mock.reset());

describe("MockGitAdapter", () => {
  test("gives the branches, tags and commits it was made with", async () => {
    expect(await mock.findBranch(repo, "main")).toMatchObject({
      name: "main",
      commit: { id: SECOND, subject: "Second" },
    });
    expect((await mock.listBranches(repo)).map(({ name, commit }) => [name, commit.id])).toEqual([
      ["main", SECOND],
      ["old", FIRST],
    ]);
    expect(await mock.findTag(repo, "v1.0")).toMatchObject({ name: "v1.0", id: FIRST, targetCommit: { id: FIRST } });
    expect(await mock.findTag(repo, "v2.0")).toMatchObject({ id: "3".repeat(40), message: "Two", tagger: author });
    expect((await mock.listTags(repo)).map(({ name }) => name)).toEqual(["v1.0", "v2.0"]);
    for (const revision of ["main", "refs/heads/main", "v2.0", SECOND]) {
      expect((await mock.findCommit(repo, revision))?.body).toBe("Second\n\nMore\n");
    }
    expect((await mock.listCommits(repo, { revisions: ["main"] })).map(({ id }) => id)).toEqual([SECOND, FIRST]);
    const page = { after: SECOND, limit: 5 };
    expect((await mock.listCommits(repo, { revisions: ["main"], page })).map(({ id }) => id)).toEqual([FIRST]);
    expect(await mock.isAncestor(repo, { ancestor: FIRST, descendant: "main" })).toBe(true);
    expect(await mock.isAncestor(repo, { ancestor: "main", descendant: FIRST })).toBe(false);
  });

  test("gives the files it was made with, by any name of their commit", async () => {
    for (const revision of ["main", SECOND, "v2.0"]) {
      expect(Buffer.from(await mock.getBlob(repo, { revision, path: "README.md" })).toString()).toBe("hello\n");
    }
    const entries = await mock.getTreeEntries(repo, { revision: "main", recursive: true });
    expect(entries.map(({ path, type }) => [path, type])).toEqual([
      ["README.md", "blob"],
      ["src", "tree"],
      ["src/bytes.bin", "blob"],
    ]);
    const pieces = await Array.fromAsync(mock.streamBlob(repo, { revision: "main", path: "src/bytes.bin" }));
    expect(Buffer.concat(pieces)).toEqual(Buffer.from([0, 255]));
  });

  test("has nothing else", async () => {
    expect(await mock.findBranch(repo, "nowhere")).toBeNull();
    expect(await mock.findTag(repo, "nowhere")).toBeNull();
    expect(await mock.findCommit(repo, "nowhere")).toBeNull();
    await expect(mock.getBlob(repo, { revision: "main", path: "nowhere" })).rejects.toBeInstanceOf(NotFoundError);
    await expect(mock.getBlob(repo, { revision: "old", path: "README.md" })).rejects.toBeInstanceOf(NotFoundError);
    await expect(mock.listCommits(repo, { revisions: ["nowhere"] })).rejects.toBeInstanceOf(NotFoundError);
    await expect(mock.rawDiff(repo, { from: FIRST, to: SECOND })).rejects.toThrow('answer("rawDiff"');
    await expect(mock.createBranch(repo, { name: "x", startPoint: "main", user })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    const elsewhere = { storage: "default", relativePath: "bob/other.git" };
    await expect(mock.findBranch(elsewhere, "main")).rejects.toBeInstanceOf(NotFoundError);
  });

  test("notes every call with its arguments, in order", async () => {
    await mock.findBranch(repo, "main");
    await mock.getBlob(repo, { revision: "main", path: "README.md" }, { timeoutMs: 500 });
    await mock.getBlob(repo, { revision: "main", path: "nowhere" }).catch(() => undefined);
    expect(mock.calls).toEqual([
      { method: "findBranch", args: [repo, "main"] },
      { method: "getBlob", args: [repo, { revision: "main", path: "README.md" }, { timeoutMs: 500 }] },
      { method: "getBlob", args: [repo, { revision: "main", path: "nowhere" }] },
    ]);
    expect(mock.callsOf("getBlob").map(({ args }) => args[1].path)).toEqual(["README.md", "nowhere"]);
    expect(mock.callsOf("createRepo")).toEqual([]);
  });

  test("notes what was said when it was said", async () => {
    mock.answer("updateReferences", undefined);
    const updates = [{ ref: "refs/heads/main", newId: FIRST }];
    await mock.updateReferences(repo, { user, updates });
    updates[0]!.newId = SECOND;
    expect(mock.callsOf("updateReferences")[0]?.args[1].updates).toEqual([{ ref: "refs/heads/main", newId: FIRST }]);
  });

  test("notes the actions of a commit as an array, streamed ones too", async () => {
    mock.answer("commitFiles", { commitId: SECOND, branchCreated: false });
    async function* actions(): AsyncGenerator<FileAction> {
      yield { type: "create", path: "a.txt", content: "a\n" };
      await Promise.resolve();
      yield { type: "delete", path: "b.txt" };
    }
    const request = { branch: "main", message: "Change", user };
    expect(await mock.commitFiles(repo, { ...request, actions: actions() })).toEqual({
      commitId: SECOND,
      branchCreated: false,
    });
    expect(mock.calls).toEqual([
      {
        method: "commitFiles",
        args: [
          repo,
          {
            ...request,
            actions: [
              { type: "create", path: "a.txt", content: "a\n" },
              { type: "delete", path: "b.txt" },
            ],
          },
        ],
      },
    ]);
  });

  test("answers with a value, an error, or a function of the arguments", async () => {
    mock.answer("findCommit", null);
    expect(await mock.findCommit(repo, "main")).toBeNull();
    const taken = new ConflictError("taken", { code: "ALREADY_EXISTS" });
    mock.answer("createTag", taken);
    await expect(mock.createTag(repo, { name: "v3", target: "main", user })).rejects.toBe(taken);
    mock.answer("createTag", (_repo, { name }) => ({ name, id: FIRST }));
    expect(await mock.createTag(repo, { name: "v4", target: "main", user })).toEqual({ name: "v4", id: FIRST });
    mock.answer("commitFiles", async (_repo, { actions }) => {
      let count = 0;
      for await (const action of actions) if (action.type === "delete") count++;
      return { commitId: String(count), branchCreated: false };
    });
    const actions: FileAction[] = [{ type: "delete", path: "a" }];
    expect((await mock.commitFiles(repo, { branch: "main", message: "x", user, actions })).commitId).toBe("1");
  });

  test("streams what the method without a stream is told to answer", async () => {
    mock.answer("rawDiff", Buffer.from("diff --git a/x b/x\n"));
    const range = { from: FIRST, to: SECOND };
    expect(Buffer.concat(await Array.fromAsync(mock.streamRawDiff(repo, range))).toString()).toBe(
      "diff --git a/x b/x\n",
    );
    mock.answer("streamRawDiff", [Uint8Array.of(1), Uint8Array.of(2)]);
    expect(await Array.fromAsync(mock.streamRawDiff(repo, range))).toHaveLength(2);
    mock.answer("listCommits", []);
    expect(await Array.fromAsync(mock.streamCommits(repo, { revisions: ["main"] }))).toEqual([]);
    expect(mock.calls.map(({ method }) => method)).toEqual(["streamRawDiff", "streamRawDiff", "streamCommits"]);
  });

  test("fails on purpose, once for each failure", async () => {
    const gone = new GitError("gone", { code: "UNAVAILABLE" });
    const slow = new GitError("slow", { code: "DEADLINE_EXCEEDED" });
    mock.failNext("getBlob", gone).failNext("getBlob", slow);
    const read = () => mock.getBlob(repo, { revision: "main", path: "README.md" });
    await expect(read()).rejects.toBe(gone);
    await expect(read()).rejects.toBe(slow);
    expect(Buffer.from(await read()).toString()).toBe("hello\n");
    mock.failNext("streamBlob", gone);
    const stream = Array.fromAsync(mock.streamBlob(repo, { revision: "main", path: "README.md" }));
    await expect(stream).rejects.toBe(gone);
    expect(mock.calls).toHaveLength(4);
  });

  test("is as new after a reset", async () => {
    await mock.removeRepo(repo);
    mock.answer("findCommit", null).failNext("findBranch", new Error("never"));
    mock.reset();
    expect(mock.calls).toEqual([]);
    expect(await mock.findBranch(repo, "main")).not.toBeNull();
    expect(await mock.findCommit(repo, "main")).not.toBeNull();
  });

  test("honours a signal", async () => {
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(mock.findBranch(repo, "main", { signal })).rejects.toThrow("stop");
    mock.answer("mergeBranch", () => new Promise(() => undefined));
    const late = new AbortController();
    const request = { branch: "main", sourceId: FIRST, message: "Merge", user };
    const merge = mock.mergeBranch(repo, request, { signal: late.signal });
    late.abort(new Error("stop later"));
    await expect(merge).rejects.toThrow("stop later");
  });

  test("hands out copies", async () => {
    const entry = { path: "a", additions: 1, deletions: 0 };
    mock.answer("diffStats", [entry]);
    const [first] = await mock.diffStats(repo, { from: FIRST, to: SECOND });
    (first as { additions: number }).additions = 99;
    expect(await mock.diffStats(repo, { from: FIRST, to: SECOND })).toEqual([entry]);
    const commit = await mock.findCommit(repo, "main");
    commit?.author.date.setTime(0);
    expect((await mock.findCommit(repo, "main"))?.author.date).toEqual(author.date);
  });
});
