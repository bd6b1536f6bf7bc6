import { describe, expect, test } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import type { GitTreeEntry } from "../../src/domain/tree-entry.ts";
import { GetTreeEntriesResponseSchema, TreeEntry_EntryType } from "../../src/gitaly/generated/commit_pb.ts";
import { readTreeEntries } from "../../src/gitaly/read-tree-entries.ts";
import { treeEntryOf } from "../../src/gitaly/tree-entry-conversion.ts";
import { NEW_ID, OLD_ID } from "../support/calls-of-changes.ts";

const { BLOB, TREE, COMMIT } = TreeEntry_EntryType;
const MESSAGE = create(GetTreeEntriesResponseSchema, {
  paginationCursor: { nextCursor: "further" },
  entries: [
    { oid: NEW_ID, path: Buffer.from("a.txt"), flatPath: Buffer.from("a.txt"), mode: 0o100644, commitOid: OLD_ID },
    { oid: OLD_ID, path: Buffer.from("ö"), flatPath: Buffer.from("ö/x/y"), type: TREE, mode: 0o40000 },
    { oid: OLD_ID, path: Buffer.from("module"), type: COMMIT, mode: 0o160000 },
    { oid: NEW_ID, path: Buffer.from("caf\xe9", "latin1"), type: BLOB, mode: 0o120000 },
    { oid: NEW_ID, path: Buffer.from("\ufeff\ufffd"), type: BLOB, mode: 0o100755 },
    {},
  ],
});

function read(bytes: Uint8Array): GitTreeEntry[] {
  const entries: GitTreeEntry[] = [];
  readTreeEntries(bytes, (entry) => entries.push(entry));
  return entries;
}

describe("entries that are read from their bytes", () => {
  const bytes = toBinary(GetTreeEntriesResponseSchema, MESSAGE);

  test("are those of the message", () => {
    expect(read(bytes)).toEqual(MESSAGE.entries.map(treeEntryOf));
  });

  test("are the same wherever in memory they lie", () => {
    const larger = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3, 0xff)]);
    expect(read(larger.subarray(3, 3 + bytes.byteLength))).toEqual(read(bytes));
  });

  test("do not mind fields that are not known yet", () => {
    // Field 15 of the answer: a text.
    expect(read(Buffer.concat([Buffer.from([0x7a, 1, 0x61]), bytes]))).toEqual(read(bytes));
  });

  test("are none when the message has been cut", () => {
    const entry = toBinary(
      GetTreeEntriesResponseSchema,
      create(GetTreeEntriesResponseSchema, { entries: [{ oid: NEW_ID }] }),
    );
    for (let length = 1; length < entry.byteLength; length++)
      expect(() => read(entry.subarray(0, length))).toThrow(RangeError);
  });
});
