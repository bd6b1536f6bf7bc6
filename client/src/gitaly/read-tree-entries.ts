import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { GitTreeEntry } from "../domain/tree-entry.ts";
import { TreeEntry_EntryType } from "./generated/commit_pb.ts";
import { OBJECT_TYPES, pathBytesOf } from "./tree-entry-conversion.ts";

/** The fields of a `GetTreeEntriesResponse` and of the `TreeEntry` in it, as `commit.proto` numbers them. */
const ENTRIES = 1;
const OID = 1;
const PATH = 3;
const TYPE = 4;
const MODE = 5;
const FLAT_PATH = 7;

/**
 * Reads the entries of a `GetTreeEntriesResponse` from its bytes. Trees have many entries and each is small: a message for
 * each in between would take several times the memory of the entries.
 */
export function readTreeEntries(bytes: Uint8Array, take: (entry: GitTreeEntry) => void): void {
  const reader = new BinaryReader(bytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === ENTRIES && wireType === WireType.LengthDelimited) take(readTreeEntry(reader, buffer));
    else reader.skip(wireType, field);
  }
}

function readTreeEntry(reader: BinaryReader, buffer: Buffer): GitTreeEntry {
  const end = endOfField(reader);
  let oid = "";
  let path = "";
  let pathBytes: Uint8Array | undefined;
  let flatPath = "";
  let type = TreeEntry_EntryType.BLOB;
  let mode = 0;
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field === OID && wireType === WireType.LengthDelimited) oid = readText(reader, buffer);
    else if (field === PATH && wireType === WireType.LengthDelimited) {
      const from = reader.pos;
      path = readText(reader, buffer);
      // Read again where something in it was replaced.
      if (path.includes("\ufffd")) {
        reader.pos = from;
        pathBytes = pathBytesOf(reader.bytes().slice());
      }
    } else if (field === FLAT_PATH && wireType === WireType.LengthDelimited) flatPath = readText(reader, buffer);
    else if (field === TYPE && wireType === WireType.Varint) type = reader.int32();
    else if (field === MODE && wireType === WireType.Varint) mode = reader.int32();
    else reader.skip(wireType, field);
  }
  return {
    oid,
    path,
    ...(pathBytes === undefined ? {} : { pathBytes }),
    type: OBJECT_TYPES[type] ?? "blob",
    mode,
    // One text for both where they are the same.
    flatPath: flatPath === "" || flatPath === path ? path : flatPath,
  };
}

function readText(reader: BinaryReader, buffer: Buffer): string {
  const from = reader.pos;
  const end = endOfField(reader);
  const start = reader.pos;
  if (end > reader.len) throw new RangeError(`a field at ${from} ends beyond its message`);
  reader.pos = end;
  return buffer.toString("utf8", start, end);
}

/** Where a field that says its length ends; the reader stands where it starts. */
function endOfField(reader: BinaryReader): number {
  const length = reader.uint32();
  return reader.pos + length;
}
