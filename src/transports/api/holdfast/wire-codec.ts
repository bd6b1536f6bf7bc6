import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { OperationError } from "../../../domain/errors.ts";
import { BoundedReader } from "./bounded-reader.ts";
import type { FieldType, MessageField, MessageType } from "./message-type.ts";
import { type ScalarCodec, SCALAR_CODECS } from "./scalar-codec.ts";

type Value = Record<string, unknown>;

/** Values of the operation table as the bytes of messages, and back, compiled once: nothing but the bytes comes between. */
export interface WireCodec {
  encode(value: unknown): Uint8Array;
  /** Throws `malformed_request` for bytes that are no such message, or of more than a million values, and `invalid_input` for numbers and times that are none here. */
  decode(bytes: Uint8Array): unknown;
}

/** Writes and reads what is between the length of a message and its end. */
interface MessageCodec {
  write(value: unknown, writer: BinaryWriter): void;
  /** `into` is what was there before: a message that is sent in parts is one. */
  read(reader: BoundedReader, end: number, into: unknown): unknown;
}

interface FieldCodec {
  readonly field: MessageField;
  write(value: unknown, writer: BinaryWriter): void;
  read(reader: BoundedReader, wireType: WireType, into: unknown): unknown;
  /** What stands for a field that was not sent; undefined: nothing. */
  empty(): unknown;
}

/** Compiles the codec of a message. */
export function wireCodec(type: MessageType): WireCodec {
  const codec = messageCodec(type, "");
  return {
    encode(value) {
      const writer = new BinaryWriter();
      codec.write(value, writer);
      return writer.finish();
    },
    decode(bytes) {
      const reader = new BoundedReader(bytes);
      try {
        return codec.read(reader, reader.len, undefined);
      } catch (error) {
        if (error instanceof OperationError) throw error;
        // The reader tells only by what it throws that the bytes end too early, or are no varint.
        throw malformed(error instanceof Error ? error.message : "is malformed", error);
      }
    },
  };
}

function messageCodec(type: MessageType, place: string): MessageCodec {
  const { shape } = type;
  const fields = type.fields.map((field) => fieldCodec(field, place));
  const byNumber = new Map(fields.map((codec) => [codec.field.number, codec]));
  const readFields = (reader: BoundedReader, end: number, take: (codec: FieldCodec, wireType: WireType) => void) => {
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      const codec = byNumber.get(number);
      // A field of a newer description means nothing here, as everywhere in protobuf.
      if (codec === undefined) reader.skip(wireType, number);
      else take(codec, wireType);
    }
    if (reader.pos > end) throw malformed("has a field that is longer than its message");
  };
  switch (shape.kind) {
    case "object":
      return {
        write: (value, writer) => {
          for (const codec of fields) codec.write((value as Value)[codec.field.property], writer);
        },
        read: (reader, end, into) => {
          const value: Value = into === undefined ? emptyOf(fields) : (into as Value);
          readFields(reader, end, (codec, wireType) => {
            const { property } = codec.field;
            value[property] = codec.read(reader, wireType, value[property]);
          });
          return value;
        },
      };
    case "list":
      return {
        write: (value, writer) => fields[0]!.write(value, writer),
        read: (reader, end, into) => {
          let items: unknown = into ?? [];
          readFields(reader, end, (codec, wireType) => (items = codec.read(reader, wireType, items)));
          return items;
        },
      };
    case "union": {
      const { discriminator } = shape;
      const byWord = new Map(fields.map((codec) => [codec.field.property, codec]));
      return {
        write: (value, writer) => byWord.get((value as Value)[discriminator] as string)?.write(value, writer),
        read: (reader, end, into) => {
          let value = into as Value | undefined;
          readFields(reader, end, (codec, wireType) => {
            const word = codec.field.property;
            const before = value?.[discriminator] === word ? value : undefined;
            value = { [discriminator]: word, ...(codec.read(reader, wireType, before) as Value) };
          });
          // What it is nobody has said: for the engine to refuse.
          return value ?? {};
        },
      };
    }
  }
}

function emptyOf(fields: readonly FieldCodec[]): Value {
  const value: Value = {};
  for (const { field, empty } of fields) {
    const nothing = empty();
    if (nothing !== undefined) value[field.property] = nothing;
  }
  return value;
}

function fieldCodec(field: MessageField, place: string): FieldCodec {
  const name = place === "" ? field.name : `${place}.${field.name}`;
  if (field.label === "map") return mapCodec(field, name);
  if (field.label === "repeated") return repeatedCodec(field, name);
  const one = oneCodec(field.type, name);
  const hasPresence = field.label !== "required";
  return {
    field,
    write: (value, writer) => {
      if (value === undefined || value === null) return;
      if (hasPresence || !one.isEmpty(value)) one.write(field.number, value, writer);
    },
    read: (reader, wireType, into) => one.read(reader, checked(wireType, one.wireType, name), into),
    empty: hasPresence ? nothing : one.empty,
  };
}

const nothing = (): undefined => undefined;

/** One value with its tag. */
interface OneCodec {
  readonly wireType: WireType;
  write(number: number, value: unknown, writer: BinaryWriter): void;
  read(reader: BoundedReader, wireType: WireType, into: unknown): unknown;
  isEmpty(value: unknown): boolean;
  empty(): unknown;
}

function oneCodec(type: FieldType, name: string): OneCodec {
  if (typeof type !== "object") {
    const scalar: ScalarCodec = SCALAR_CODECS[type];
    return {
      wireType: scalar.wireType,
      write: (number, value, writer) => scalar.write(value, writer.tag(number, scalar.wireType)),
      read: (reader) => scalar.read(reader, name),
      isEmpty: scalar.isEmpty,
      empty: scalar.empty,
    };
  }
  const message = messageCodec(type, name);
  return {
    wireType: WireType.LengthDelimited,
    write: (number, value, writer) => {
      writer.tag(number, WireType.LengthDelimited).fork();
      message.write(value, writer);
      writer.join();
    },
    read: (reader, _wireType, into) => message.read(reader, endOf(reader), into),
    isEmpty: () => false,
    empty: nothing,
  };
}

function repeatedCodec(field: MessageField, name: string): FieldCodec {
  const one = oneCodec(field.type, name);
  const isPackable = one.wireType !== WireType.LengthDelimited;
  return {
    field,
    write: (value, writer) => {
      const items = value as readonly unknown[];
      if (items === undefined || items.length === 0) return;
      if (!isPackable) {
        for (const item of items) one.write(field.number, item, writer);
        return;
      }
      const scalar = SCALAR_CODECS[field.type as keyof typeof SCALAR_CODECS];
      writer.tag(field.number, WireType.LengthDelimited).fork();
      for (const item of items) scalar.write(item, writer);
      writer.join();
    },
    read: (reader, wireType, into) => {
      const items = into as unknown[];
      if (isPackable && wireType === WireType.LengthDelimited) {
        const end = endOf(reader);
        while (reader.pos < end) {
          reader.count();
          items.push(one.read(reader, one.wireType, undefined));
        }
        return items;
      }
      items.push(one.read(reader, checked(wireType, one.wireType, name), undefined));
      return items;
    },
    empty: () => [],
  };
}

/** On the wire a map is a list of messages of a key and a value. */
function mapCodec(field: MessageField, name: string): FieldCodec {
  const one = oneCodec(field.type, name);
  return {
    field,
    write: (value, writer) => {
      for (const [key, item] of Object.entries((value ?? {}) as Value)) {
        writer.tag(field.number, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(key);
        one.write(2, item, writer);
        writer.join();
      }
    },
    read: (reader, wireType, into) => {
      checked(wireType, WireType.LengthDelimited, name);
      const end = endOf(reader);
      let key = "";
      let item = one.empty();
      while (reader.pos < end) {
        const [number, type] = reader.tag();
        if (number === 1) key = stringOf(reader, checked(type, WireType.LengthDelimited, name));
        else if (number === 2) item = one.read(reader, checked(type, one.wireType, name), undefined);
        else reader.skip(type, number);
      }
      // A key may be any text, also what objects have by themselves.
      Object.defineProperty(into as Value, key, { value: item, enumerable: true, writable: true, configurable: true });
      return into;
    },
    empty: () => ({}),
  };
}

const stringOf = (reader: BoundedReader, _wireType: WireType): string => reader.string(true);

function endOf(reader: BoundedReader): number {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw malformed("ends too early");
  return end;
}

function checked(given: WireType, expected: WireType, name: string): WireType {
  if (given === expected) return given;
  throw malformed(`has ${name} of wire type ${given}, where ${expected} is expected`);
}

function malformed(problem: string, cause?: unknown): OperationError<"malformed_request"> {
  return new OperationError("malformed_request", { part: "message", problem }, cause === undefined ? {} : { cause });
}
