import { create, type DescMessage, fromBinary, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { describe, expect } from "bun:test";
import { getTreeEntries } from "../../../src/transports/api/gitaly/commit/get-tree-entries.ts";
import { listCommitsHandler } from "../../../src/transports/api/gitaly/commit/list-commits.ts";
import type { GitalyDoor } from "../../../src/transports/api/gitaly/door.ts";
import { CommitService } from "../../../src/transports/api/gitaly/generated/commit_pb.ts";
import { RefService } from "../../../src/transports/api/gitaly/generated/ref_pb.ts";
import { EncodedMessage, FRAME_HEADER_BYTES } from "../../../src/transports/api/grpc/encoded-message.ts";
import type { GrpcCall, ServerStreamHandler } from "../../../src/transports/api/grpc/handler.ts";
import { listRefs } from "../../../src/transports/api/gitaly/ref/list-refs.ts";
import { onEveryBackend, type ReadStory } from "../../support/read-story.ts";

const CALL: GrpcCall = {
  path: "",
  requestId: "request-1",
  peer: "127.0.0.1",
  signal: new AbortController().signal,
  deadlineAtMs: undefined,
  metadata: () => undefined,
  setTrailer: () => {},
};

/** Calls a handler as the gRPC layer does, and decodes what it answers. */
async function ask<I extends DescMessage, O extends DescMessage>(
  story: ReadStory,
  method: { readonly input: I; readonly output: O },
  handler: (door: GitalyDoor) => ServerStreamHandler<I, O>,
  fields: MessageInitShape<I>,
): Promise<MessageShape<O>[]> {
  const door: GitalyDoor = {
    engine: story.engine,
    mergeRequestRefsOnly: false,
    callerIdsRequired: false,
    conflictWord: true,
  };
  const { storage: storageName, relativePath } = story.repository;
  const request = create(method.input, { ...fields, repository: { storageName, relativePath } } as MessageInitShape<I>);
  const messages: MessageShape<O>[] = [];
  for await (const answer of handler(door)(request, CALL)) {
    if (!(answer instanceof EncodedMessage)) throw new Error("a message that was not encoded by hand");
    messages.push(fromBinary(method.output, answer.frame.subarray(FRAME_HEADER_BYTES)));
  }
  return messages;
}

describe("the cursor of a page", () => {
  onEveryBackend("ListCommits: names the last commit while more follow", async (story) => {
    for (let i = 0; i < 5; i++) await story.git.commit({ message: `${i}\n`, seconds: 1_700_000_000 + i });
    const all = (await story.git.text(["rev-list", "main"])).split("\n");
    const pages: string[][] = [];
    for (let pageToken = ""; ;) {
      const messages = await ask(story, CommitService.method.listCommits, listCommitsHandler, {
        revisions: ["main"],
        paginationParams: { limit: 2, pageToken },
      });
      pages.push(messages.flatMap(({ commits }) => commits.map(({ id }) => id)));
      pageToken = messages.at(-1)?.paginationCursor?.nextCursor ?? "";
      if (pageToken === "") break;
    }
    expect(pages).toEqual([all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    const whole = await ask(story, CommitService.method.listCommits, listCommitsHandler, { revisions: ["main"] });
    expect(whole.map(({ commits, paginationCursor }) => [commits.length, paginationCursor])).toEqual([[5, undefined]]);
  });

  onEveryBackend("ListRefs: names the last reference while more follow, HEAD not counted", async (story) => {
    const commit = await story.git.commit();
    for (const name of ["a", "b", "c"]) await story.git.git(["update-ref", `refs/heads/${name}`, commit]);
    const page = async (pageToken: string, limit: number) => {
      const patterns = [Buffer.from("refs/heads/")];
      const messages = await ask(story, RefService.method.listRefs, listRefs, {
        patterns,
        head: true,
        paginationParams: { limit, pageToken },
      });
      const names = messages.flatMap(({ references }) => references.map(({ name }) => Buffer.from(name).toString()));
      return [names, messages[0]?.paginationCursor?.nextCursor];
    };
    expect(await page("", 2)).toEqual([["HEAD", "refs/heads/a", "refs/heads/b"], "refs/heads/b"]);
    expect(await page("refs/heads/b", 2)).toEqual([["HEAD", "refs/heads/c", "refs/heads/main"], ""]);
    expect(await page("", 0)).toEqual([[], undefined]);
  });

  onEveryBackend("GetTreeEntries: leads through paths that are no UTF-8", async (story) => {
    await story.git.commit({ files: { a: "", "\xe9": "", "\xff": "" } });
    const seen: string[] = [];
    for (let pageToken = ""; ;) {
      const messages = await ask(story, CommitService.method.getTreeEntries, getTreeEntries, {
        revision: Buffer.from("main"),
        path: Buffer.from("."),
        paginationParams: { limit: 1, pageToken },
      });
      seen.push(...messages.flatMap(({ entries }) => entries.map(({ path }) => Buffer.from(path).toString("latin1"))));
      pageToken = messages[0]?.paginationCursor?.nextCursor ?? "";
      if (pageToken === "") break;
    }
    expect(seen).toEqual(["a", "\xe9", "\xff"]);
  });
});
