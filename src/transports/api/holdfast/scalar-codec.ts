import { type BinaryReader, type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fromByteString, toByteString } from "../../../domain/bytes.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { ScalarType } from "./message-type.ts";

/** One value of a scalar type, behind its tag. */
export interface ScalarCodec {
  readonly wireType: WireType;
  write(value: unknown, writer: BinaryWriter): void;
  /** `name` is the field's, for errors. */
  read(reader: BinaryReader, name: string): unknown;
  /** Need it not be sent, where a field is always there? */
  isEmpty(value: unknown): boolean;
  /** What a field holds that was not sent, where it is always there. */
  empty(): unknown;
}

const text: ScalarCodec = {
  wireType: WireType.LengthDelimited,
  write: (value, writer) => void writer.string(value as string),
  read: (reader) => reader.string(true),
  isEmpty: (value) => value === "",
  empty: () => "",
};

const EMPTY = new Uint8Array(0);
const SECOND_MS = 1000;
const MILLISECOND_NS = 1_000_000;
/** What google.protobuf.Timestamp takes: the years 1 to 9999, in seconds since 1970. */
const SECONDS_MIN = -62_135_596_800;
const SECONDS_MAX = 253_402_300_799;

export const SCALAR_CODECS: Readonly<Record<ScalarType, ScalarCodec>> = {
  string: text,
  repository: text,
  byte_string: {
    wireType: WireType.LengthDelimited,
    write: (value, writer) => void writer.bytes(fromByteString(value as string)),
    read: (reader) => toByteString(reader.bytes()),
    isEmpty: (value) => value === "",
    empty: () => "",
  },
  bytes: {
    wireType: WireType.LengthDelimited,
    write: (value, writer) => void writer.bytes(value as Uint8Array),
    read: (reader) => reader.bytes(),
    isEmpty: (value) => (value as Uint8Array).byteLength === 0,
    empty: () => EMPTY,
  },
  bool: {
    wireType: WireType.Varint,
    write: (value, writer) => void writer.bool(value as boolean),
    read: (reader) => reader.bool(),
    isEmpty: (value) => value === false,
    empty: () => false,
  },
  integer: {
    wireType: WireType.Varint,
    write: (value, writer) => void writer.int64(value as number),
    read: (reader, name) => safeInteger(reader.int64(), name),
    isEmpty: (value) => value === 0,
    empty: () => 0,
  },
  big_integer: {
    wireType: WireType.Varint,
    write: (value, writer) => void writer.int64(value as bigint),
    read: (reader) => BigInt(reader.int64()),
    isEmpty: (value) => value === 0n,
    empty: () => 0n,
  },
  double: {
    wireType: WireType.Bit64,
    write: (value, writer) => void writer.double(value as number),
    read: (reader) => reader.double(),
    isEmpty: (value) => Object.is(value, 0),
    empty: () => 0,
  },
  instant: {
    wireType: WireType.LengthDelimited,
    write: (value, writer) => {
      const seconds = Math.floor((value as number) / SECOND_MS);
      const nanos = ((value as number) - seconds * SECOND_MS) * MILLISECOND_NS;
      writer.fork();
      if (seconds !== 0) writer.tag(1, WireType.Varint).int64(seconds);
      if (nanos !== 0) writer.tag(2, WireType.Varint).int32(nanos);
      writer.join();
    },
    read: readInstant,
    isEmpty: () => false,
    empty: () => undefined,
  },
};

function readInstant(reader: BinaryReader, name: string): number {
  const end = reader.uint32() + reader.pos;
  let seconds = 0;
  let nanos = 0;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === WireType.Varint) seconds = Number(reader.int64());
    else if (number === 2 && wireType === WireType.Varint) nanos = reader.int32();
    else reader.skip(wireType, number);
  }
  if (seconds < SECONDS_MIN || seconds > SECONDS_MAX || nanos < 0 || nanos >= SECOND_MS * MILLISECOND_NS)
    throw new OperationError("invalid_input", { field: name, problem: "is no time from the year 1 to 9999" });
  return seconds * SECOND_MS + Math.floor(nanos / MILLISECOND_NS);
}

/** Numbers here are exact up to 2^53. */
function safeInteger(read: bigint | string, name: string): number {
  const value = Number(read);
  if (Number.isSafeInteger(value)) return value;
  throw new OperationError("invalid_input", { field: name, problem: "is beyond 2^53" });
}
