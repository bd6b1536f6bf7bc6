import { describe, expect, test } from "bun:test";
import type { Message } from "@bufbuild/protobuf";
import type { CallOptions } from "../../src/call-options.ts";
import type { UserCommitFilesRequest } from "../../src/gitaly/generated/operations_pb.ts";
import { type GitalyClient, GitError } from "../../src/index.ts";
import { NEW_ID, OLD_ID, REPO } from "../support/calls-of-changes.ts";
import { answering, hanging } from "../support/faulty-gitaly.ts";
import { faultyStory } from "../support/faulty-story.ts";
import { failureOf } from "../support/failure-of.ts";
import { CONTRACT_USER as user } from "../support/fresh-context.ts";

describe("the application's own part of a change", () => {
  const never = () => new Promise<never>(() => undefined);
  async function* stuck() {
    yield { type: "create", path: "a.txt", content: "a\n" } as const;
    await never();
  }
  const commit = { branch: "main", message: "A", user, expectedOldId: OLD_ID };
  const merge = { branch: "main", sourceId: NEW_ID, message: "M", user, approve: never };
  const parts: readonly [string, string, (client: GitalyClient, options: CallOptions) => Promise<unknown>][] = [
    [
      "files that do not come",
      "UserCommitFiles",
      (client, options) => client.commitFiles(REPO, { ...commit, actions: stuck() }, options),
    ],
    [
      "an approval that does not come",
      "UserMergeBranch",
      (client, options) => client.mergeBranch(REPO, merge, options),
    ],
  ];

  test.each(parts)("%s: a signal ends the call", async (_name, method, make) => {
    await using story = await faultyStory();
    story.faulty.script(method, hanging({ commitId: NEW_ID }));
    const controller = new AbortController();
    const reason = new Error("enough");
    const failure = failureOf(make(story.client, { signal: controller.signal }));
    await story.faulty.received(method, () => true);
    controller.abort(reason);
    expect(await failure).toBe(reason);
  });

  test.each(parts)("%s: the deadline ends the call", async (_name, method, make) => {
    await using story = await faultyStory();
    story.faulty.script(method, hanging({ commitId: NEW_ID }));
    const error = await failureOf(make(story.client, { timeoutMs: 300 }), GitError);
    expect([error.code, error.outcomeUnknown]).toEqual(["DEADLINE_EXCEEDED", true]);
  });

  test("is in the second attempt once, when it comes after the first was cut", async () => {
    const { promise: late, resolve: come } = Promise.withResolvers<void>();
    await using story = await faultyStory({}, come);
    async function* actions() {
      yield { type: "create", path: "a.txt", content: "a\n" } as const;
      await late;
      yield { type: "create", path: "b.txt", content: "b\n" } as const;
    }
    story.faulty.otherwise("UserCommitFiles", answering({ branchUpdate: { commitId: NEW_ID } }));
    const result = story.client.commitFiles(REPO, { ...commit, actions: actions() });
    await story.faulty.received("UserCommitFiles", (message) => pathsIn([message]).length > 0);
    story.faulty.cutConnections();
    expect((await result).commitId).toBe(NEW_ID);
    expect(story.clock.waitsMs).toEqual([100]);
    expect(pathsIn(story.faulty.calls.at(-1)?.requests ?? [])).toEqual(["a.txt", "b.txt"]);
  });

  const pathsIn = (messages: readonly Message[]) =>
    messages.flatMap((message) => {
      const payload = (message as UserCommitFilesRequest).userCommitFilesRequestPayload;
      if (payload.case !== "action") return [];
      const action = payload.value.userCommitFilesActionPayload;
      return action.case === "header" ? [Buffer.from(action.value.filePath).toString()] : [];
    });
});
