import { describe, expect, test } from "bun:test";
import type { Message } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { gathered } from "../../src/contract/expectations.ts";
import type { UserCommitFilesRequest } from "../../src/gitaly/generated/operations_pb.ts";
import { GitError } from "../../src/index.ts";
import { NEW_ID, REPO } from "../support/calls-of-changes.ts";
import { type Answer, answering, cutting, failing, type Fate, hanging } from "../support/faulty-gitaly.ts";
import { failureOf } from "../support/failure-of.ts";
import { CONTRACT_USER } from "../support/fresh-context.ts";
import { faultyStory } from "../support/faulty-story.ts";

const FILE = { revision: "main", path: "a.txt" };
const RANGE = { from: NEW_ID, to: NEW_ID };

/** A file as the protocol sends it: facts with the first piece. */
function pieces(...texts: readonly string[]): Answer[] {
  const size = BigInt(texts.join("").length);
  return texts.map((text, index) => ({
    ...(index === 0 ? { type: 1, oid: NEW_ID, size, mode: 0o100644 } : {}),
    data: Buffer.from(text),
  }));
}

/** A gate for each answer, opened one by one. */
function gated(answers: readonly Answer[]): { readonly fate: Fate; readonly open: (index: number) => void } {
  const gates = answers.map(() => Promise.withResolvers<void>());
  return {
    fate: { kind: "slow", answers, before: (index) => gates[index]?.promise ?? Promise.resolve() },
    open: (index) => gates[index]?.resolve(),
  };
}

describe("a slow stream", () => {
  test("gives each piece when it comes", async () => {
    await using story = await faultyStory();
    const { fate, open } = gated(pieces("one ", "two ", "three"));
    story.faulty.script("TreeEntry", fate);
    const blob = story.client.streamBlob(REPO, FILE)[Symbol.asyncIterator]();
    const texts: string[] = [];
    for (const index of [0, 1, 2]) {
      open(index);
      const { value } = (await blob.next()) as { value: Uint8Array };
      texts.push(new TextDecoder().decode(value));
    }
    expect(texts).toEqual(["one ", "two ", "three"]);
    expect((await blob.next()).done).toBe(true);
  });

  test("is gathered whole", async () => {
    await using story = await faultyStory();
    const { fate, open } = gated(pieces("one ", "two ", "three"));
    story.faulty.script("TreeEntry", fate);
    const blob = story.client.getBlob(REPO, FILE);
    for (const index of [0, 1, 2]) open(index);
    expect(new TextDecoder().decode(await blob)).toBe("one two three");
  });

  test("that stops is over with the deadline", async () => {
    await using story = await faultyStory();
    story.faulty.script("TreeEntry", hanging(...pieces("one ", "two")));
    const error = await failureOf(story.client.getBlob(REPO, FILE, { timeoutMs: 60 }), GitError);
    expect(error.code).toBe("DEADLINE_EXCEEDED");
    story.faulty.script("TreeEntry", hanging(...pieces("one ", "two")));
    const streamed = gathered(story.client.streamBlob(REPO, FILE, { timeoutMs: 60 }));
    expect((await failureOf(streamed, GitError)).code).toBe("DEADLINE_EXCEEDED");
  });

  test("that is left early ends on the server", async () => {
    await using story = await faultyStory();
    story.faulty.script("TreeEntry", hanging(...pieces("one ", "two")));
    for await (const _piece of story.client.streamBlob(REPO, FILE)) break;
    await (
      await story.faulty.called("TreeEntry")
    ).ended;
  });

  test("is ended by a signal", async () => {
    await using story = await faultyStory();
    const controller = new AbortController();
    const reason = new Error("enough");
    story.faulty.script("TreeEntry", hanging(...pieces("one ", "two ", "three")));
    const reading = async () => {
      for await (const _piece of story.client.streamBlob(REPO, FILE, { signal: controller.signal }))
        controller.abort(reason);
    };
    expect(await failureOf(reading())).toBe(reason);
  });
});

describe("a stream that breaks off", () => {
  const broken: readonly [string, Fate][] = [
    ["by a status", failing(status.UNAVAILABLE, { answers: pieces("one ", "tw") })],
    ["by a cut connection", cutting(...pieces("one ", "tw"))],
  ];

  test.each(broken)("%s is read again when it is gathered", async (_name, fate) => {
    await using story = await faultyStory();
    story.faulty.script("TreeEntry", fate, answering(...pieces("one ", "two")));
    expect(new TextDecoder().decode(await story.client.getBlob(REPO, FILE))).toBe("one two");
    expect(story.faulty.count("TreeEntry")).toBe(2);
  });

  test("by a cut connection fails when it is streamed: what was given cannot be taken back", async () => {
    await using story = await faultyStory();
    const { fate, open } = gated(pieces("one ", "two"));
    story.faulty.script("TreeEntry", fate, answering(...pieces("one ", "two")));
    open(0);
    const blob = story.client.streamBlob(REPO, FILE)[Symbol.asyncIterator]();
    expect((await blob.next()).done).toBe(false);
    story.faulty.cutConnections();
    const error = await failureOf(blob.next(), GitError);
    expect([error.code, error.retryable]).toEqual(["UNAVAILABLE", true]);
    expect(story.faulty.count("TreeEntry")).toBe(1);
    open(1);
  });

  test("by a status fails when it is streamed", async () => {
    await using story = await faultyStory();
    const fate = failing(status.UNAVAILABLE, { answers: pieces("one ", "tw") });
    story.faulty.script("TreeEntry", fate, answering(...pieces("one ", "two")));
    const given: Uint8Array[] = [];
    const reading = async () => {
      for await (const piece of story.client.streamBlob(REPO, FILE)) given.push(piece);
    };
    expect((await failureOf(reading(), GitError)).code).toBe("UNAVAILABLE");
    expect(Buffer.concat(given).toString()).toBe("one tw");
    expect(story.faulty.count("TreeEntry")).toBe(1);
  });

  test("before its first message is read again also when it is streamed", async () => {
    await using story = await faultyStory();
    story.faulty.script("TreeEntry", cutting(), answering(...pieces("one ", "two")));
    const given = await gathered(story.client.streamBlob(REPO, FILE));
    expect(Buffer.concat(given).toString()).toBe("one two");
  });

  test("gives no entry twice when it is gathered", async () => {
    await using story = await faultyStory();
    const entries = ["a", "b", "c"].map((name) => ({ oid: NEW_ID, path: Buffer.from(name), mode: 0o100644 }));
    const answers = entries.map((entry) => ({ entries: [entry] }));
    story.faulty.script("GetTreeEntries", cutting(...answers.slice(0, 2)), answering(...answers));
    const found = await story.client.getTreeEntries(REPO, { revision: "main" });
    expect(found.map(({ path }) => path)).toEqual(["a", "b", "c"]);
  });

  test("in the middle of a patch is no diff", async () => {
    await using story = await faultyStory();
    const path = Buffer.from("a.txt");
    const first = { fromPath: path, toPath: path, fromId: NEW_ID, toId: NEW_ID, rawPatchData: Buffer.from("@@ -1") };
    const rest = { rawPatchData: Buffer.from(" +1 @@\n-a\n+b\n"), endOfPatch: true };
    story.faulty.script("CommitDiff", answering(first));
    expect(await failureOf(story.client.commitDiff(REPO, RANGE))).toBeInstanceOf(GitError);
    story.faulty.script("CommitDiff", answering(first));
    expect(await failureOf(gathered(story.client.streamCommitDiff(REPO, RANGE)))).toBeInstanceOf(GitError);
    story.faulty.script("CommitDiff", answering(first, rest));
    const [entry] = await story.client.commitDiff(REPO, RANGE);
    expect(new TextDecoder().decode(entry?.patch)).toBe("@@ -1 +1 @@\n-a\n+b\n");
  });
});

describe("a connection that was cut", () => {
  test("is made again for the next call", async () => {
    await using story = await faultyStory();
    const exists = answering({ exists: true });
    story.faulty.script("RepositoryExists", exists, exists);
    await story.client.repoExists(REPO);
    story.faulty.cutConnections();
    expect(await story.client.repoExists(REPO)).toBe(true);
  });
});

describe("a commit that is given up halfway", () => {
  const broken = new Error("the files cannot be read");
  const isSpoilt = (message: Message) =>
    (message as UserCommitFilesRequest).userCommitFilesRequestPayload.case === undefined;

  async function* actions(midway: () => void) {
    yield { type: "create", path: "a.txt", content: "a\n" } as const;
    await Promise.resolve();
    midway();
    yield { type: "create", path: "b.txt", content: "b\n" } as const;
  }
  const request = (midway: () => void) => ({
    branch: "main",
    message: "Half",
    user: CONTRACT_USER,
    actions: actions(midway),
    expectedOldId: NEW_ID,
  });

  // A server may see the end of a request before it sees that it was reset.
  test("by its source ends in a message that no server takes", async () => {
    await using story = await faultyStory();
    const fail = () => {
      throw broken;
    };
    expect(await failureOf(story.client.commitFiles(REPO, request(fail)))).toBe(broken);
    await story.faulty.received("UserCommitFiles", isSpoilt);
  });

  test("by a signal ends in a message that no server takes", async () => {
    await using story = await faultyStory();
    const controller = new AbortController();
    const abort = () => controller.abort(broken);
    const given = story.client.commitFiles(REPO, request(abort), { signal: controller.signal });
    expect(await failureOf(given)).toBe(broken);
    await story.faulty.received("UserCommitFiles", isSpoilt);
  });
});
