import { describe, expect, test } from "bun:test";
import { type AddressInfo, createServer } from "node:net";
import { status } from "@grpc/grpc-js";
import { Attempts } from "../../src/gitaly/attempts.ts";
import { systemClock } from "../../src/gitaly/clock.ts";
import { failedAttempt } from "../../src/gitaly/error-of-status.ts";
import { RetryPolicy } from "../../src/gitaly/retry-policy.ts";
import { gathered } from "../../src/contract/expectations.ts";
import { ConflictError, GitalyClient, GitError, ValidationError, ZERO_ID } from "../../src/index.ts";
import { CHANGE_CALLS, NEW_ID, OLD_ID, REPO } from "../support/calls-of-changes.ts";
import { answering, cutting, failing, FaultyGitaly, hanging } from "../support/faulty-gitaly.ts";
import { faultyStory } from "../support/faulty-story.ts";
import { failureOf } from "../support/failure-of.ts";
import { CONTRACT_USER as user } from "../support/fresh-context.ts";

const UNAVAILABLE = failing(status.UNAVAILABLE);
const TOO_LATE = failing(status.DEADLINE_EXCEEDED);
const EXISTS = answering({ exists: true });

const PERMANENT = Object.entries(status).filter(
  ([, code]) => ![status.OK, status.UNAVAILABLE, status.DEADLINE_EXCEEDED].includes(code as status),
) as [string, status][];

describe("reads", () => {
  test("are retried after UNAVAILABLE twice", async () => {
    await using story = await faultyStory();
    story.faulty.script("RepositoryExists", UNAVAILABLE, UNAVAILABLE, EXISTS);
    expect(await story.client.repoExists(REPO)).toBe(true);
    expect(story.faulty.count("RepositoryExists")).toBe(3);
  });

  test("are retried after DEADLINE_EXCEEDED once", async () => {
    await using story = await faultyStory();
    story.faulty.script("RepositoryExists", TOO_LATE, EXISTS);
    expect(await story.client.repoExists(REPO)).toBe(true);
    expect(story.faulty.count("RepositoryExists")).toBe(2);
  });

  test("are not retried after INVALID_ARGUMENT", async () => {
    await using story = await faultyStory();
    story.faulty.script("RepositoryExists", failing(status.INVALID_ARGUMENT), EXISTS);
    expect(await failureOf(story.client.repoExists(REPO))).toBeInstanceOf(ValidationError);
    expect(story.faulty.count("RepositoryExists")).toBe(1);
    expect(story.clock.waitsMs).toEqual([]);
  });

  test.each(PERMANENT)("are not retried after %s", async (_name, code) => {
    await using story = await faultyStory();
    story.faulty.script("RepositoryExists", failing(code), EXISTS);
    expect(await failureOf(story.client.repoExists(REPO))).toBeInstanceOf(GitError);
    expect(story.faulty.count("RepositoryExists")).toBe(1);
  });

  test("end in the error of the last attempt", async () => {
    await using story = await faultyStory();
    const fates = ["first", "second", "third"].map((details) => failing(status.UNAVAILABLE, { details }));
    story.faulty.script("RepositoryExists", ...fates, EXISTS);
    const error = await failureOf(story.client.repoExists(REPO), GitError);
    expect([error.code, error.retryable, error.outcomeUnknown]).toEqual(["UNAVAILABLE", true, false]);
    expect(error.message).toContain("third");
    expect(story.faulty.count("RepositoryExists")).toBe(3);
  });

  test("that answer in streams are retried, too", async () => {
    await using story = await faultyStory();
    const commits = [{ id: NEW_ID }, { id: OLD_ID }];
    story.faulty.script("ListCommits", UNAVAILABLE, answering({ commits: [commits[0]] }, { commits: [commits[1]] }));
    story.faulty.script("ListCommits", UNAVAILABLE, answering({ commits }));
    const listed = await story.client.listCommits(REPO, { revisions: ["main"] });
    expect(listed.map(({ id }) => id)).toEqual([NEW_ID, OLD_ID]);
    const streamed = await gathered(story.client.streamCommits(REPO, { revisions: ["main"] }));
    expect(streamed.map(({ id }) => id)).toEqual([NEW_ID, OLD_ID]);
  });
});

describe("waits between attempts", () => {
  const waitsOf = async (retry: { attempts?: number; baseMs?: number; jitter?: number }, random = () => 0.5) => {
    await using story = await faultyStory({ retry, random });
    story.faulty.script("RepositoryExists", ...Array.from({ length: 10 }, () => UNAVAILABLE));
    await failureOf(story.client.repoExists(REPO), GitError);
    expect(story.faulty.count("RepositoryExists")).toBe(story.clock.waitsMs.length + 1);
    return story.clock.waitsMs;
  };

  test("are 100 and 200 ms", async () => {
    expect(await waitsOf({})).toEqual([100, 200]);
  });

  test("are 100, 200 and 400 ms with 4 attempts", async () => {
    expect(await waitsOf({ attempts: 4 })).toEqual([100, 200, 400]);
  });

  test("double from another base", async () => {
    expect(await waitsOf({ attempts: 4, baseMs: 7 })).toEqual([7, 14, 28]);
  });

  test("are none with one attempt", async () => {
    expect(await waitsOf({ attempts: 1 })).toEqual([]);
  });

  test("are left to chance in part", async () => {
    expect(await waitsOf({ jitter: 0.5 }, () => 0.5)).toEqual([75, 150]);
  });

  test("end with the time of the call", async () => {
    await using story = await faultyStory();
    story.faulty.script("RepositoryExists", UNAVAILABLE, UNAVAILABLE, EXISTS);
    const error = await failureOf(story.client.repoExists(REPO, { timeoutMs: 250 }), GitError);
    expect(error.code).toBe("UNAVAILABLE");
    expect(story.clock.waitsMs).toEqual([100]);
  });
});

describe("changes that may have been made", () => {
  test.each(CHANGE_CALLS)("are not retried: $name", async ({ method, answers, make }) => {
    await using story = await faultyStory();
    story.faulty.script(method, UNAVAILABLE, answering(...answers));
    const error = await failureOf(make(story.client), GitError);
    expect([error.code, error.outcomeUnknown]).toEqual(["UNAVAILABLE", true]);
    expect(story.faulty.count(method)).toBe(1);
  });

  test.each(CHANGE_CALLS)("are retried when the caller says so: $name", async ({ method, answers, make }) => {
    await using story = await faultyStory();
    story.faulty.script(method, UNAVAILABLE, TOO_LATE, answering(...answers));
    await make(story.client, { retryUnsafe: true });
    expect(story.faulty.count(method)).toBe(3);
    expect(story.clock.waitsMs).toEqual([100, 200]);
  });

  test.each(CHANGE_CALLS.filter(({ conditional }) => conditional))(
    "are retried with an expected old id: $name",
    async ({ method, answers, make }) => {
      await using story = await faultyStory();
      story.faulty.script(method, UNAVAILABLE, answering(...answers));
      await make(story.client, {}, OLD_ID);
      expect(story.faulty.count(method)).toBe(2);
    },
  );

  test.each(CHANGE_CALLS.filter(({ conditional }) => conditional))(
    "conflict with an outcome that is unknown: $name",
    async ({ method, make }) => {
      await using story = await faultyStory();
      story.faulty.script(method, UNAVAILABLE, failing(status.FAILED_PRECONDITION));
      const error = await failureOf(make(story.client, {}, OLD_ID), ConflictError);
      expect(error.outcomeUnknown).toBe(true);
    },
  );

  test("conflict with a known outcome at the first attempt", async () => {
    await using story = await faultyStory();
    for (const { method, make } of CHANGE_CALLS.filter(({ conditional }) => conditional)) {
      story.faulty.script(method, failing(status.FAILED_PRECONDITION));
      const error = await failureOf(make(story.client, {}, OLD_ID), ConflictError);
      expect([method, error.outcomeUnknown]).toEqual([method, false]);
    }
  });

  test("are not retried when their connection is cut", async () => {
    await using story = await faultyStory();
    for (const { method, make } of CHANGE_CALLS) {
      story.faulty.script(method, cutting());
      const error = await failureOf(make(story.client), GitError);
      expect([method, error.code, error.outcomeUnknown]).toEqual([method, "UNAVAILABLE", true]);
      expect(story.faulty.count(method)).toBe(1);
    }
  });

  // How a server's HTTP/2 ends a call without a status of gRPC.
  test.each([
    [status.RESOURCE_EXHAUSTED, "Bandwidth exhausted or memory limit exceeded"],
    [status.INTERNAL, "Received RST_STREAM with code 2 (Internal server error)"],
    [status.CANCELLED, "Call cancelled"],
  ])("have an outcome that is unknown when they are cut off with %d %s", async (code, details) => {
    const attempts = new Attempts(new RetryPolicy(), systemClock, 1_000);
    const cut = () => Promise.reject(failedAttempt(code, details));
    expect((await failureOf(attempts.run("change", {}, cut), GitError)).outcomeUnknown).toBe(true);
    expect((await failureOf(attempts.run("read", {}, cut), GitError)).outcomeUnknown).toBe(false);
  });

  test("of several references are retried only when each has its old id", async () => {
    await using story = await faultyStory();
    const bound = { ref: "refs/heads/a", oldId: OLD_ID, newId: NEW_ID };
    const free = { ref: "refs/heads/b", newId: NEW_ID };
    story.faulty.script("UpdateReferences", UNAVAILABLE, answering({}));
    await failureOf(story.client.updateReferences(REPO, { user, updates: [bound, free] }), GitError);
    expect(story.faulty.count("UpdateReferences")).toBe(1);
  });
});

describe("changes that expect nothing to be there, and may have been made", () => {
  const branch = { branch: { name: Buffer.from("new"), targetCommit: { id: NEW_ID } } };
  const reference = { references: [{ name: Buffer.from("refs/merge-requests/1/merge"), target: NEW_ID }] };
  const made = CHANGE_CALLS.filter(({ name }) => ["commitFiles", "revert", "mergeToRef", "rebaseToRef"].includes(name));

  test.each(made)("are not made upon themselves: $name", async ({ method, answers, make }) => {
    await using story = await faultyStory();
    story.faulty.script("FindBranch", answering({}), answering(branch), answering(branch));
    story.faulty.otherwise("FindDefaultBranchName", answering({ name: Buffer.from("refs/heads/main") }));
    story.faulty.script("ListRefs", answering(), answering(reference));
    story.faulty.script(method, UNAVAILABLE, answering(...answers));
    const error = await failureOf(make(story.client, {}, ZERO_ID), ConflictError);
    expect([error.outcomeUnknown, error.detail?.actualId]).toEqual([true, NEW_ID]);
    expect(story.faulty.count(method)).toBe(1);
  });

  test.each(made)("are made again when there is still nothing: $name", async ({ method, answers, make }) => {
    await using story = await faultyStory();
    story.faulty.otherwise("FindBranch", answering({}));
    story.faulty.otherwise("FindDefaultBranchName", answering({ name: Buffer.from("refs/heads/main") }));
    story.faulty.otherwise("ListRefs", answering());
    story.faulty.script(method, UNAVAILABLE, answering(...answers));
    await make(story.client, {}, ZERO_ID);
    expect(story.faulty.count(method)).toBe(2);
  });
});

describe("a server that is not there", () => {
  /** A port that nobody listens on. */
  const freePort = async (): Promise<number> => {
    const faulty = await FaultyGitaly.start();
    const port = Number(faulty.address.split(":")[1]);
    await faulty[Symbol.asyncDispose]();
    return port;
  };

  test.each(CHANGE_CALLS)("comes in time for $name", async ({ method, answers, make }) => {
    const port = await freePort();
    let faulty: FaultyGitaly | undefined;
    // It comes while the client waits for the first time.
    const sleep = async (ms: number, signal?: AbortSignal) => {
      if (faulty === undefined) {
        faulty = await FaultyGitaly.start(port);
        faulty.otherwise("FindCommit", answering({ commit: { id: NEW_ID } }));
        faulty.script(method, answering(...answers));
      }
      await systemClock.sleep(ms, signal);
    };
    const client = new GitalyClient({
      address: `127.0.0.1:${port}`,
      retry: { attempts: 5 },
      clock: { ...systemClock, sleep },
    });
    try {
      await make(client);
      expect(faulty?.count(method)).toBe(1);
    } finally {
      client.close();
      await faulty?.[Symbol.asyncDispose]();
    }
  });

  test("is UNAVAILABLE, and nothing has happened", async () => {
    const client = new GitalyClient({ address: `127.0.0.1:${await freePort()}`, retry: { baseMs: 1 } });
    for (const { name, make } of CHANGE_CALLS) {
      const error = await failureOf(make(client), GitError);
      expect([name, error.code, error.retryable, error.outcomeUnknown]).toEqual([name, "UNAVAILABLE", true, false]);
    }
    client.close();
  });
});

test("a server that accepts connections and says nothing has not seen a change", async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const client = new GitalyClient({ address });
  const error = await failureOf(client.createRepo(REPO, {}, { timeoutMs: 300 }), GitError);
  expect([error.code, error.outcomeUnknown]).toEqual(["DEADLINE_EXCEEDED", false]);
  client.close();
  silent.close();
});

describe("a signal", () => {
  test("ends the wait before a further attempt", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using story = await faultyStory({}, () => controller.abort(reason));
    story.faulty.script("RepositoryExists", UNAVAILABLE, EXISTS);
    expect(await failureOf(story.client.repoExists(REPO, { signal: controller.signal }))).toBe(reason);
    expect(story.faulty.count("RepositoryExists")).toBe(1);
  });

  test("ends a call that hangs, on the server too", async () => {
    await using story = await faultyStory();
    const controller = new AbortController();
    const reason = new Error("enough");
    story.faulty.script("RepositoryExists", hanging());
    const failure = failureOf(story.client.repoExists(REPO, { signal: controller.signal }));
    const call = await story.faulty.called("RepositoryExists");
    controller.abort(reason);
    expect(await failure).toBe(reason);
    await call.ended;
  });

  test.each(CHANGE_CALLS)("ends a change that hangs: $name", async ({ method, make }) => {
    await using story = await faultyStory();
    const controller = new AbortController();
    const reason = new Error("enough");
    story.faulty.script(method, hanging());
    const failure = failureOf(make(story.client, { signal: controller.signal }));
    await story.faulty.called(method);
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect(story.faulty.count(method)).toBe(1);
  });
});

describe("a deadline", () => {
  test("ends a call that hangs", async () => {
    await using story = await faultyStory();
    story.faulty.script("RepositoryExists", hanging());
    const error = await failureOf(story.client.repoExists(REPO, { timeoutMs: 300 }), GitError);
    expect([error.code, error.retryable]).toEqual(["DEADLINE_EXCEEDED", true]);
    await (
      await story.faulty.called("RepositoryExists")
    ).ended;
    expect(story.faulty.count("RepositoryExists")).toBe(1);
  });

  test("is the client's own where a call names none", async () => {
    await using story = await faultyStory({ defaultTimeoutMs: 300 });
    story.faulty.script("ListCommits", hanging());
    const error = await failureOf(story.client.listCommits(REPO, { revisions: ["main"] }), GitError);
    expect(error.code).toBe("DEADLINE_EXCEEDED");
  });

  test("is told to the server", async () => {
    await using story = await faultyStory();
    story.faulty.script("RepositoryExists", EXISTS);
    await story.client.repoExists(REPO, { timeoutMs: 5_000 });
    const leftMs = (story.faulty.calls[0]?.deadlineMs ?? 0) - Date.now();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(5_000);
  });

  test("is one for all the calls that a method needs", async () => {
    await using story = await faultyStory();
    // The first question takes all of the time but 100 ms.
    const slow = { kind: "slow", answers: [{}], before: () => Promise.resolve(story.clock.pass(200)) } as const;
    story.faulty.script("FindBranch", slow, hanging());
    const began = story.clock.nowMs();
    const error = await failureOf(
      story.client.commitFiles(
        REPO,
        { branch: "new", message: "A", actions: [], user, expectedOldId: ZERO_ID, startBranch: "main" },
        { timeoutMs: 300 },
      ),
      GitError,
    );
    expect(error.code).toBe("DEADLINE_EXCEEDED");
    expect(story.clock.nowMs() - began).toBeLessThan(450);
    expect([story.faulty.count("FindBranch"), story.faulty.count("UserCommitFiles")]).toEqual([2, 0]);
  });

  test("of a change leaves its outcome unknown", async () => {
    await using story = await faultyStory();
    story.faulty.script("UserRevert", hanging());
    const revert = CHANGE_CALLS.find(({ name }) => name === "revert");
    const error = await failureOf(revert?.make(story.client, { timeoutMs: 300 }), GitError);
    expect([error.code, error.outcomeUnknown]).toEqual(["DEADLINE_EXCEEDED", true]);
  });
});
