import { beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  ConflictError,
  type FileAction,
  type GitUser,
  NotFoundError,
  ValidationError,
  ZERO_ID,
} from "../../src/index.ts";
import { MemoryGitAdapter } from "../../src/testing.ts";
import { RefereeGit } from "../support/referee-git.ts";

const repo = { storage: "default", relativePath: "alice/catalog.git" };
const user: GitUser = { glId: "user-42", name: "Jane Doe", email: "jane@example.com" };
const SECONDS = 1_700_000_000;
const PERSON = { name: user.name, email: user.email, seconds: SECONDS, zone: "+0000" };
/** Makes git use the same people and the same time. */
const AS_JANE = {
  GIT_AUTHOR_NAME: user.name,
  GIT_AUTHOR_EMAIL: user.email,
  GIT_AUTHOR_DATE: `${SECONDS} +0000`,
  GIT_COMMITTER_NAME: user.name,
  GIT_COMMITTER_EMAIL: user.email,
  GIT_COMMITTER_DATE: `${SECONDS} +0000`,
};

let adapter: MemoryGitAdapter;

beforeEach(async () => {
  adapter = new MemoryGitAdapter({ clock: () => new Date(SECONDS * 1000 + 999) });
  await adapter.createRepo(repo);
});

async function commit(actions: FileAction[], branch = "main", message = "Change\n"): Promise<string> {
  return (await adapter.commitFiles(repo, { branch, message, user, actions })).commitId;
}

const create = (path: string, content: string | Uint8Array = `${path}\n`): FileAction => ({
  type: "create",
  path,
  content,
});

/** The files of a branch, with which git makes the same commit. */
async function refereed(git: RefereeGit, revision: string): Promise<void> {
  const chain = (await adapter.listCommits(repo, { revisions: [revision] })).toReversed();
  for (const { id, body, parentIds } of chain) {
    const files = new Map<string, { bytes: Uint8Array; executable: boolean }>();
    for (const { path, type, mode } of await adapter.getTreeEntries(repo, { revision: id, recursive: true })) {
      if (type !== "blob") continue;
      files.set(path, { bytes: await adapter.getBlob(repo, { revision: id, path }), executable: mode === 0o100755 });
    }
    expect(git.commit({ ...PERSON, parentIds, message: body, files })).toBe(id);
  }
}

describe("MemoryGitAdapter", () => {
  test("finds what git finds by a revision", async () => {
    using git = new RefereeGit();
    const first = await commit([create("a.txt")]);
    await commit([create("b.txt")]);
    const topic = await adapter.createBranch(repo, { name: "topic", startPoint: first, user });
    const third = await commit([create("c.txt")], "topic");
    const merge = await adapter.mergeBranch(repo, { branch: "main", sourceId: third, message: "Merge\n", user });
    await refereed(git, "main");
    git.run(["update-ref", "refs/heads/main", merge.commitId]);
    git.run(["update-ref", "refs/heads/topic", third]);
    const tag = await adapter.createTag(repo, { name: "v1", target: "main", message: "One\n", user });
    expect(git.line(["tag", "-a", "-F", "-", "--cleanup=verbatim", "v1", "main"], "One\n", AS_JANE)).toBe("");
    expect(tag.id).toBe(git.line(["rev-parse", "v1"]));
    expect(topic.commit.id).toBe(first);
    const revisions = [
      "main",
      "HEAD",
      "@",
      "v1",
      "heads/topic",
      "refs/heads/topic",
      "refs/tags/v1",
      "main~1",
      "main^",
      "main^2",
    ];
    revisions.push(
      "main~2",
      "main^2~1",
      "main^2^",
      "v1^{}",
      "v1^{commit}",
      "v1~1",
      "main^0",
      "main^3",
      "topic~5",
      "nowhere",
    );
    revisions.push(
      first,
      first.slice(0, 12),
      third.toUpperCase(),
      `${merge.commitId.slice(0, 10)}^2`,
      "main^{tree}",
      "tags/v1^{}^",
    );
    for (const revision of revisions) {
      const told = git.attempt(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
      const expected = told.exitCode === 0 ? told.stdout.toString().trim() : undefined;
      expect([revision, (await adapter.findCommit(repo, revision))?.id]).toEqual([revision, expected]);
    }
    for (const revision of ["", "-x", "a b", "main:a.txt", "a\\b"]) {
      await expect(adapter.findCommit(repo, revision)).rejects.toBeInstanceOf(ValidationError);
    }
  });

  test("reverts as git does", async () => {
    using git = new RefereeGit({ bare: false });
    await commit([create("a.txt", "one\ntwo\nthree\n")], "main", "First");
    const second = await commit(
      [{ type: "update", path: "a.txt", content: "one\nTWO\nthree\n" }, create("x/b.txt")],
      "main",
      "Second",
    );
    await commit([create("c.txt")], "main", "Third");
    await refereed(git, "main");
    git.run(["reset", "--quiet", "--hard", "refs/referee/last"]);
    const { commitId } = await adapter.revert(repo, { branch: "main", commitId: second, user });
    git.run(["revert", "--no-edit", second], "", AS_JANE);
    expect(commitId).toBe(git.line(["rev-parse", "HEAD"]));
    const again = adapter.revert(repo, { branch: "main", commitId: second, user });
    await expect(again).rejects.toBeInstanceOf(ConflictError);
  });

  test("rebases as git does, without what is there already", async () => {
    using git = new RefereeGit({ bare: false });
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
    const changed = (at: number) => lines.with(at, `changed ${at}\n`).join("");
    await commit([create("a.txt", lines.join(""))], "main", "Base\n");
    await adapter.createBranch(repo, { name: "topic", startPoint: "main", user });
    await commit([{ type: "update", path: "a.txt", content: changed(2) }], "main", "Same change\n");
    await commit([create("main.txt")], "main", "Main\n");
    await commit([{ type: "update", path: "a.txt", content: changed(2) }], "topic", "Same change, other words\n");
    await commit([create("topic.txt")], "topic", "Topic\n");
    const source = await commit([{ type: "delete", path: "topic.txt" }, create("kept.txt")], "topic", "Topic, too\n");
    await refereed(git, "main");
    git.run(["branch", "onto", "refs/referee/last"]);
    await refereed(git, "topic");
    git.run(["reset", "--quiet", "--hard", "refs/referee/last"]);
    git.run(["rebase", "--quiet", "onto"], "", AS_JANE);
    const targetRef = "refs/merge-requests/1/rebase";
    const { commitId } = await adapter.rebaseToRef(repo, { sourceId: source, targetRef, firstParentRef: "main", user });
    expect(commitId).toBe(git.line(["rev-parse", "HEAD"]));
    expect((await adapter.findCommit(repo, targetRef))?.id).toBe(commitId);
  });

  test("patches of texts whose lines repeat can be applied", async () => {
    using git = new RefereeGit({ bare: false });
    const text = fc.array(fc.constantFrom("a", "b", "", "}"), { maxLength: 30 }).map((lines) => lines.join("\n"));
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        const own = { storage: "default", relativePath: `${Math.random()}.git` };
        await adapter.createRepo(own);
        const request = { branch: "main", message: "Change", user };
        const file = (content: string): FileAction => ({ type: "create", path: "f", content });
        const from = (await adapter.commitFiles(own, { ...request, actions: [file(before)] })).commitId;
        const steps: FileAction[] = [{ type: "update", path: "f", content: after }];
        const to = (await adapter.commitFiles(own, { ...request, actions: steps })).commitId;
        const patch = await adapter.rawDiff(own, { from, to });
        await Bun.write(`${git.directory}/f`, before);
        if (before !== after) git.run(["apply", "--unidiff-zero", "--whitespace=nowarn"], patch);
        else expect(patch).toHaveLength(0);
        expect(await Bun.file(`${git.directory}/f`).text()).toBe(after);
      }),
      { numRuns: 60 },
    );
  });

  test("what is handed out, or was handed in, cannot change what is inside", async () => {
    const content = Buffer.from("hello\n");
    const id = await commit([create("a.txt", content)]);
    content.fill(0);
    const blob = await adapter.getBlob(repo, { revision: id, path: "a.txt" });
    expect(Buffer.from(blob).toString()).toBe("hello\n");
    blob.fill(0);
    for await (const piece of adapter.streamBlob(repo, { revision: id, path: "a.txt" })) piece.fill(0);
    const before = await adapter.findCommit(repo, "main");
    before!.author.date.setTime(0);
    (before!.parentIds as string[]).push(ZERO_ID);
    const entries = await adapter.commitDiff(repo, { from: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", to: id });
    entries[0]!.patch.fill(0);
    expect(Buffer.from(await adapter.getBlob(repo, { revision: id, path: "a.txt" })).toString()).toBe("hello\n");
    expect((await adapter.findCommit(repo, "main"))?.author.date).toEqual(new Date(SECONDS * 1000));
    expect((await adapter.findCommit(repo, "main"))?.parentIds).toEqual([]);
  });

  test("a caller that streams may use one array again and again", async () => {
    const content = new Uint8Array(2);
    async function* actions(): AsyncGenerator<FileAction> {
      for (const path of ["a", "b"]) {
        content.fill(path.charCodeAt(0));
        yield { type: "create", path, content };
        await Promise.resolve();
      }
    }
    await adapter.commitFiles(repo, { branch: "main", message: "Two", user, actions: actions() });
    const text = async (path: string) =>
      Buffer.from(await adapter.getBlob(repo, { revision: "main", path })).toString();
    expect([await text("a"), await text("b")]).toEqual(["aa", "bb"]);
  });

  test("line ends are written as servers write them", async () => {
    const binary = Buffer.from("a\r\n\0\r\n");
    await commit([create("text", "a\r\nb\r\n"), create("mixed", "a\r\nb\rc\r\n"), create("binary", binary)]);
    const read = async (path: string) =>
      Buffer.from(await adapter.getBlob(repo, { revision: "main", path })).toString();
    expect(await read("text")).toBe("a\nb\n");
    expect(await read("mixed")).toBe("a\r\nb\rc\r\n");
    expect(await read("binary")).toBe("a\r\n\0\r\n");
  });

  test("people and zones stand in the commit as git writes them", async () => {
    using git = new RefereeGit();
    const odd: GitUser = { ...user, name: ' "Jane <Doe>", ', timezone: "America/St_Johns" };
    const author = { name: "Ünal", email: "ü@example.com" };
    const actions = [create("a.txt")];
    const { commitId } = await adapter.commitFiles(repo, { branch: "main", message: "x", user: odd, author, actions });
    const tree = (await adapter.findCommit(repo, commitId))!.treeId;
    git.run(["hash-object", "-w", "--stdin"], "a.txt\n");
    git.run(["mktree"], `100644 blob ${git.line(["hash-object", "--stdin"], "a.txt\n")}\ta.txt\n`);
    const env = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: `${SECONDS} -0330`,
      GIT_COMMITTER_NAME: odd.name,
      GIT_COMMITTER_EMAIL: odd.email,
      GIT_COMMITTER_DATE: `${SECONDS} -0330`,
    };
    expect(commitId).toBe(git.line(["commit-tree", tree, "-F", "-"], "x", env));
    const elsewhere = { ...user, timezone: "Nowhere/At_All" };
    const lost = adapter.commitFiles(repo, { branch: "main", message: "x", user: elsewhere, actions: [] });
    await expect(lost).rejects.toBeInstanceOf(ValidationError);
  });

  test("calls that run at the same time do not lose each other's work", async () => {
    await commit([create("start")]);
    await Promise.all(Array.from({ length: 20 }, (_, index) => commit([create(`file-${index}`)])));
    expect(await adapter.getTreeEntries(repo, { revision: "main" })).toHaveLength(21);
    expect(await adapter.listCommits(repo, { revisions: ["main"] })).toHaveLength(21);
  });

  test("one of two that expect the same commit wins", async () => {
    const expectedOldId = await commit([create("start")]);
    const attempt = (path: string) =>
      adapter.commitFiles(repo, { branch: "main", message: "x", user, expectedOldId, actions: [create(path)] });
    const outcomes = await Promise.allSettled([attempt("a"), attempt("b")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    const { reason } = outcomes[1] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(ConflictError);
    const actualId = (await adapter.findBranch(repo, "main"))?.commit.id;
    expect((reason as ConflictError).detail).toMatchObject({
      reference: "refs/heads/main",
      expectedId: expectedOldId,
      actualId,
    });
  });

  test("a signal ends a call that waits for its caller, and nothing is written", async () => {
    const first = await commit([create("start")]);
    const waiting = new AbortController();
    async function* never(): AsyncGenerator<FileAction> {
      yield create("a");
      await new Promise(() => undefined);
    }
    const request = { branch: "main", message: "x", user };
    const written = adapter.commitFiles(repo, { ...request, actions: never() }, { signal: waiting.signal });
    waiting.abort(new Error("enough"));
    await expect(written).rejects.toThrow("enough");
    const approve = () => new Promise<boolean>(() => undefined);
    const merge = adapter.mergeBranch(repo, { ...request, sourceId: first, approve }, { timeoutMs: 5 });
    await expect(merge).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect((await adapter.findBranch(repo, "main"))?.commit.id).toBe(first);
  });

  test("several adapters share nothing", async () => {
    await commit([create("start")]);
    const other = new MemoryGitAdapter({ defaultBranch: "trunk" });
    expect(await other.repoExists(repo)).toBe(false);
    await other.createRepo(repo);
    await expect(other.getBlob(repo, { revision: "main", path: "start" })).rejects.toBeInstanceOf(NotFoundError);
    await other.commitFiles(repo, { branch: "trunk", message: "x", user, actions: [create("a")] });
    expect((await other.findCommit(repo, "HEAD"))?.subject).toBe("x");
  });
});
