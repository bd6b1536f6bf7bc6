import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Static } from "@sinclair/typebox";
import type { Caller, Principal } from "../../../src/contract/principal.ts";
import type { RepositoryRef } from "../../../src/contract/repository-ref.ts";
import { blameFile, removeRepository, updateReferences, watchBlame, watchLog } from "../../../src/operations/index.ts";
import { failure } from "../../support/operation-story.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";

const ANYBODY: Principal = { kind: "anonymous", name: "anonymous" };
type LogTold = Static<typeof watchLog.output>;
type BlameTold = Static<typeof watchBlame.output>;

/** What one caller is told. */
class Follower<T extends { type: string }> {
  readonly #iterator: AsyncIterator<T>;
  readonly #ending = new AbortController();

  constructor(follow: (caller: Caller) => AsyncIterable<T>, as: (principal: Principal) => Caller) {
    this.#iterator = follow({ ...as(ANYBODY), signal: this.#ending.signal })[Symbol.asyncIterator]();
  }

  async next(): Promise<T> {
    const { value, done } = await this.#iterator.next();
    if (done === true) throw new Error("the stream has ended");
    return value;
  }

  /** All up to the next message of a kind, that one included. */
  async until(type: T["type"]): Promise<T[]> {
    const told: T[] = [];
    do told.push(await this.next());
    while (told.at(-1)!.type !== type);
    return told;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#iterator.return?.();
  }
}

const oidsOf = (told: readonly LogTold[]): string[] => told.flatMap(({ items }) => items ?? []).map(({ oid }) => oid);

describe.each(["libgit2", "shell"] as const)("on %s", (backend) => {
  let story: TestEngine;
  let repository: RepositoryRef;
  let git: TemporaryRepository;
  beforeEach(async () => {
    story = await openTestEngine({ backend });
    repository = await story.createRepository("group/project");
    git = TemporaryRepository.at(story.pathOf(repository));
  });
  afterEach(() => story.close());

  const log = (input: Omit<Static<typeof watchLog.input>, "repository"> = {}) =>
    new Follower<LogTold>((caller) => story.engine.run(watchLog, { repository, ...input }, caller), story.as);
  const blame = (input: Omit<Static<typeof watchBlame.input>, "repository">) =>
    new Follower<BlameTold>((caller) => story.engine.run(watchBlame, { repository, ...input }, caller), story.as);
  /** A long history of main, in one run of git. */
  async function commitMany(count: number): Promise<void> {
    const commits = Array.from({ length: count }, (_, n) => {
      const who = `Jane Doe <jane@example.com> ${1_700_000_000 + n} +0000`;
      return `commit refs/heads/main\ncommitter ${who}\ndata 2\nm\nM 100644 inline f\ndata ${String(n).length}\n${n}\n`;
    });
    await git.git(["fast-import", "--quiet"], { input: Buffer.from(commits.join("")) });
  }
  /** Moves a branch as a push does. */
  const move = (name: string, newOid: string) =>
    story.engine.run(updateReferences, { repository, changes: [{ name: `refs/heads/${name}`, newOid }] }, story.caller);
  const history = (...revisions: string[]) => git.text(["rev-list", ...revisions]).then((text) => text.split("\n"));

  describe("watchLog", () => {
    test("tells what git log shows, and then what comes", async () => {
      await commitMany(400);
      const follower = log({ rev: "main" });
      const told = await follower.until("done");
      expect(told[0]).toEqual({ type: "begin", oid: await git.text(["rev-parse", "main"]) });
      // The first comes alone, however many there are.
      expect(told[1]!.items).toHaveLength(1);
      expect(oidsOf(told)).toEqual(await history("main"));

      const before = await git.text(["rev-parse", "main"]);
      for (let i = 0; i < 3; i++) await git.commit({ branch: "next", parents: [before], files: { f: `n${i}` } });
      const tip = await git.commit({ branch: "next", files: { f: "tip" } });
      await move("main", tip);
      const more = await follower.until("done");
      expect(more[0]).toEqual({ type: "moved", from: before, to: tip });
      expect(oidsOf(more)).toEqual(await history(`${before}..${tip}`));
      // What happens elsewhere is not told.
      await move("other", before);
      await move("main", before);
      expect(await follower.until("done")).toEqual([{ type: "moved", from: tip, to: before }, { type: "done" }]);
      await follower.stop();
    });

    test("keeps to its filters, also for what comes", async () => {
      for (let i = 0; i < 6; i++) await git.commit({ files: { [i % 2 ? "odd" : "even"]: String(i), both: String(i) } });
      const follower = log({ path: "odd", offset: 1, limit: 1 });
      expect(oidsOf(await follower.until("done"))).toEqual(
        await history("--skip=1", "--max-count=1", "main", "--", "odd"),
      );
      const before = await git.text(["rev-parse", "main"]);
      await git.commit({ branch: "next", parents: [before], files: { both: "x", odd: "new", even: "4" } });
      const side = await git.commit({ branch: "next", files: { both: "y", odd: "new", even: "4" } });
      await move("main", side);
      expect(oidsOf(await follower.until("done"))).toEqual(await history(`${before}..${side}`, "--", "odd"));
      await follower.stop();
    });

    test("follows a branch that goes and comes back, and HEAD", async () => {
      const first = await git.commit({ files: { a: "1" } });
      const other = await git.commit({ branch: "other", parents: [], files: { b: "1" } });
      await git.git(["branch", "work", first]);
      const follower = log({ rev: "work" });
      await follower.until("done");
      await move("work", "0".repeat(40));
      expect(await follower.next()).toEqual({ type: "moved", from: first, to: null });
      await move("work", other);
      const told = await follower.until("done");
      expect([told[0], oidsOf(told)]).toEqual([{ type: "moved", from: null, to: other }, [other]]);
      await follower.stop();
    });

    test("tells no more of a branch that has come back than it was asked for", async () => {
      await commitMany(5);
      const tip = await git.text(["rev-parse", "main"]);
      await git.git(["branch", "work", tip]);
      const follower = log({ rev: "work", offset: 1, limit: 2 });
      const before = oidsOf(await follower.until("done"));
      await move("work", "0".repeat(40));
      await follower.until("moved");
      await move("work", tip);
      expect(oidsOf(await follower.until("done"))).toEqual(before);
      await follower.stop();
    });

    test("ends with its repository, and keeps nobody from removing it", async () => {
      await git.commit({ files: { a: "1" } });
      const follower = log();
      await follower.until("done");
      await story.engine.run(removeRepository, { repository }, story.caller);
      await story.createRepository("group/project");
      await failure(follower.next(), "repository_not_found");
    });

    test("waits without keeping anybody from running", async () => {
      await story.close();
      story = await openTestEngine({ backend, requestsMax: 1, repositoryRequestsMax: 1 });
      repository = await story.createRepository("group/project");
      git = TemporaryRepository.at(story.pathOf(repository));
      const tip = await git.commit({ files: { a: "1" } });
      const followers = Array.from({ length: 3 }, () => log());
      for (const follower of followers) await follower.until("done");
      const waiting = followers.map((follower) => follower.next());
      await git.commit({ branch: "next", parents: [tip], files: { a: "2" } });
      await move("main", await git.text(["rev-parse", "next"]));
      expect((await Promise.all(waiting)).map(({ type }) => type)).toEqual(["moved", "moved", "moved"]);
      for (const follower of followers) await follower.stop();
    });

    test("ends where the caller may not read any more", async () => {
      await commitMany(300);
      const [waiting, walking] = [log(), log()];
      await waiting.until("done");
      await walking.until("commits");
      await story.identity.repositories.setPrivate(repository, true);
      await failure(walking.until("done"), "repository_not_found");
      await move("other", await git.text(["rev-parse", "main"]));
      await failure(waiting.next(), "repository_not_found");
    });

    test("says what is wrong before anything is told", async () => {
      await git.commit({ files: { a: "1" } });
      await failure(log({ rev: "none" }).next(), "revision_not_found");
      await failure(log({ path: "../x" }).next(), "invalid_path");
      await failure(log({ since: "yesterday-ish" }).next(), "invalid_input");
    });

    test("walks no further than it is read, and stops with its reader", async () => {
      await commitMany(500);
      const follower = log();
      await follower.until("commits");
      await follower.stop();
      await expect(follower.next()).rejects.toThrow("the stream has ended");
    });
  });

  describe("watchBlame", () => {
    test("tells what blameFile tells, and tells it again when the file has changed", async () => {
      const lines = (change: number) => Array.from({ length: 50 }, (_, n) => `line ${n <= change ? n : 0}\n`).join("");
      for (let i = 0; i < 50; i += 5) await git.commit({ files: { f: lines(i), g: "x" }, seconds: 1_700_000_000 + i });
      const follower = blame({ path: "f" });
      await expectSame(await follower.until("done"));

      const before = await git.text(["rev-parse", "main"]);
      const elsewhere = await git.commit({ branch: "next", parents: [before], files: { f: lines(45), g: "y" } });
      await move("main", elsewhere);
      expect(await follower.next()).toEqual({ type: "moved", from: before, to: elsewhere });
      const changed = await git.commit({ branch: "next", files: { f: `${lines(45)}more\n`, g: "y" } });
      await move("main", changed);
      expect(await follower.next()).toEqual({ type: "moved", from: elsewhere, to: changed });
      const again = await follower.until("done");
      expect(again[0]).toEqual({ type: "begin", oid: changed });
      await expectSame(again);
      // Changed and changed back: the same content, and other commits.
      await git.commit({ branch: "next", files: { f: "other\n", g: "y" } });
      const back = await git.commit({ branch: "next", files: { f: `${lines(45)}more\n`, g: "y" } });
      await move("main", back);
      await follower.next();
      await expectSame(await follower.until("done"));
      await move("main", await git.commit({ branch: "next", files: { g: "y" } }));
      expect((await follower.until("absent")).map(({ type }) => type)).toEqual(["moved", "begin", "absent"]);
      await follower.stop();

      async function expectSame(told: BlameTold[]) {
        const { ranges, commits } = await story.engine.run(blameFile, { repository, path: "f" }, story.caller);
        const single = ranges.flatMap(({ commit, line, lineCount }) =>
          Array.from({ length: lineCount }, (_, n) => [line + n, commit]),
        );
        const found = told
          .flatMap(({ items }) => items ?? [])
          .flatMap(({ commit, line, lineCount }) => Array.from({ length: lineCount }, (_, n) => [line + n, commit]))
          .toSorted(([a], [b]) => Number(a) - Number(b));
        expect(found).toEqual(single);
        const named = told.flatMap((each) => each.commits ?? []).map(({ oid }) => oid);
        expect(named.toSorted()).toEqual(commits.map(({ oid }) => oid).toSorted());
      }
    });

    test("takes the name of a file for a name", async () => {
      const path = "a[b]*";
      const first = await git.commit({ files: { [path]: "1\n" } });
      const follower = blame({ path });
      await follower.until("done");
      const second = await git.commit({ branch: "next", parents: [first], files: { [path]: "2\n" } });
      await move("main", second);
      const told = await follower.until("done");
      expect(told.flatMap(({ items }) => items ?? []).map(({ commit }) => commit)).toEqual([second]);
      await follower.stop();
    });

    test("says what is wrong", async () => {
      await git.commit({ files: { a: "1\n" } });
      await failure(blame({ rev: "none", path: "a" }).next(), "revision_not_found");
      await failure(blame({ path: "none" }).until("done"), "path_not_found");
      await failure(blame({ path: "a", firstLine: 9 }).until("done"), "invalid_input");
    });
  });
});
