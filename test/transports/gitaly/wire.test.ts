import { describe, expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { type Commit, parseCommit } from "../../../src/domain/commit.ts";
import {
  FindCommitResponseSchema,
  GetTreeEntriesResponseSchema,
} from "../../../src/transports/api/gitaly/generated/commit_pb.ts";
import { ListRefsResponseSchema } from "../../../src/transports/api/gitaly/generated/ref_pb.ts";
import { gitCommitMessage } from "../../../src/transports/api/gitaly/git-commit-message.ts";
import { type EncodedMessage, FRAME_HEADER_BYTES } from "../../../src/transports/api/grpc/encoded-message.ts";
import { chunked, type Place } from "../../../src/transports/api/gitaly/wire/chunked.ts";
import { lines } from "../../../src/transports/api/gitaly/wire/lines.ts";
import { MessageWriter } from "../../../src/transports/api/gitaly/wire/message-writer.ts";
import { writeCursor } from "../../../src/transports/api/gitaly/wire/write-cursor.ts";
import { writeGitCommit } from "../../../src/transports/api/gitaly/wire/write-git-commit.ts";

const OID = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

const bodyOf = ({ frame }: EncodedMessage) => frame.subarray(FRAME_HEADER_BYTES);

async function* inBatches<T>(...batches: T[][]): AsyncGenerator<T[]> {
  yield* batches;
}

async function bodies(messages: AsyncIterable<EncodedMessage>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const message of messages) found.push(bodyOf(message));
  return found;
}

function writtenCommit(commit: Commit): Buffer {
  const writer = new MessageWriter();
  writeGitCommit(writer, 1, commit);
  return Buffer.from(writer.written());
}

describe("writeGitCommit", () => {
  const line = fc.string({ unit: "binary-ascii", maxLength: 200 }).map((text) => text.replaceAll("\n", " "));
  const commits = fc.record({
    parents: fc.array(fc.constant(OID), { maxLength: 5 }),
    author: line,
    committer: fc.oneof(line, fc.constant("Jane Doe <jane@example.com> 1700000000 +0100")),
    encoding: fc.option(line, { nil: undefined }),
    message: fc.uint8Array({ maxLength: 12_000, size: "max" }),
  });

  test("writes the bytes of the general encoder", () => {
    fc.assert(
      fc.property(commits, ({ parents, author, committer, encoding, message }) => {
        const head = [
          `tree ${OID}`,
          ...parents.map((parent) => `parent ${parent}`),
          `author ${author}`,
          `committer ${committer}`,
          ...(encoding === undefined ? [] : [`encoding ${encoding}`]),
        ].join("\n");
        const commit = parseCommit(OID, Buffer.concat([Buffer.from(`${head}\n\n`, "latin1"), message]));
        const expected = toBinary(
          FindCommitResponseSchema,
          create(FindCommitResponseSchema, { commit: gitCommitMessage(commit) }),
        );
        expect(writtenCommit(commit).equals(expected)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("leaves out an author that is not there, and dates beyond what numbers hold stay exact", () => {
    const commit = parseCommit(OID, Buffer.from(`tree ${OID}\ncommitter A <a@b> soon +0000\n\nm\n`));
    const { commit: read } = fromBinary(FindCommitResponseSchema, writtenCommit(commit));
    expect(read?.author).toBeUndefined();
    expect(read?.committer?.date?.seconds).toBe(9223371974719179007n);
  });
});

describe("MessageWriter", () => {
  test("makes room for messages of every length", () => {
    const writer = new MessageWriter();
    const names = [0, 1, 100, 123, 124, 125, 126, 127, 128, 16_376, 16_380, 16_384, 40_000].map((length) =>
      "x".repeat(length),
    );
    for (const name of names) {
      const start = writer.begin(1);
      writer.text(1, name);
      writer.text(2, OID);
      writer.end(start);
    }
    const { references } = fromBinary(ListRefsResponseSchema, writer.written());
    expect(references.map(({ name, target }) => [name.length, target])).toEqual(
      names.map(({ length }) => [length, OID]),
    );
  });
});

describe("chunked", () => {
  const write = (writer: MessageWriter, size: number) => writer.bytes(1, new Uint8Array(size));

  test("closes a message before its items come to 1 MiB; a larger item goes alone", async () => {
    const quarter = 262_144;
    const sizes = async (...items: number[]) =>
      (await bodies(chunked(inBatches(items), write))).map(({ length }) => length);
    expect(await sizes()).toEqual([]);
    expect(await sizes(10, 20)).toEqual([12 + 22]);
    expect((await sizes(quarter, quarter, quarter, quarter)).length).toBe(2);
    expect((await sizes(quarter, quarter, quarter, quarter - 1)).length).toBe(1);
    expect((await sizes(10, 2_000_000, 10, 10)).length).toBe(3);
  });

  test("writes the rest into every message, and tells the first", async () => {
    const rest = (writer: MessageWriter, { first }: Place) => {
      if (first) writeCursor(writer, 2, "next");
    };
    const entry = (writer: MessageWriter, oid: string) => {
      const start = writer.begin(1);
      writer.text(1, oid);
      writer.end(start);
    };
    const messages = await bodies(chunked(inBatches(["a".repeat(600_000)], ["b".repeat(600_000)]), entry, rest));
    const cursors = messages.map(
      (message) => fromBinary(GetTreeEntriesResponseSchema, message).paginationCursor?.nextCursor,
    );
    expect(cursors).toEqual(["next", undefined]);
  });
});

describe("lines", () => {
  test("puts 20 items into a message, whatever the batches", async () => {
    const write = (writer: MessageWriter, name: string) => {
      const start = writer.begin(1);
      writer.text(1, name);
      writer.end(start);
    };
    const names = Array.from({ length: 45 }, (_, i) => `n${i}`);
    const read = async (options: object) =>
      (await bodies(lines(inBatches(names.slice(0, 7), [], names.slice(7)), write, options))).map(
        (message) => fromBinary(ListRefsResponseSchema, message).references.length,
      );
    expect(await read({})).toEqual([20, 20, 5]);
    expect(await read({ counts: (name: string) => name !== "n0" })).toEqual([21, 20, 4]);
  });
});
