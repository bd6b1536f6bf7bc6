import { KindGuard, OptionalKind, type TSchema } from "@sinclair/typebox";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { fromByteString, toByteString } from "../../src/domain/bytes.ts";
import { repositoryNameOf } from "../../src/domain/repository-name.ts";
import { derivedName } from "../../src/transports/api/derived/derived-field.ts";
import { isRepository } from "../../src/transports/api/derived/repository-field.ts";

type Message = Record<string, unknown>;

/** A value as programs give it to @grpc/proto-loader: written anew, so that it can disagree with the server. */
export function toMessage(schema: TSchema, value: unknown): unknown {
  const bare = withoutNull(schema);
  if (value === null) return undefined;
  if (isRepository(bare)) return repositoryNameOf((value as RepositoryRef).relativePath);
  if (bare["byteString"] === true) return Buffer.from(fromByteString(value as string));
  if (KindGuard.IsUint8Array(bare)) return Buffer.from(value as Uint8Array);
  if (bare["instant"] === true) return timestampOf(value as number);
  if (KindGuard.IsArray(bare)) {
    const items = (value as unknown[]).map((item) => toMessage(bare.items, item));
    return schema[OptionalKind] === undefined ? items : { items };
  }
  if (bare["properties"] !== undefined) return objectToMessage(bare, value as Message);
  if (KindGuard.IsUnion(bare) && bare.anyOf.some((member) => member["properties"] !== undefined)) {
    const { action } = value as { readonly action: string };
    const member = bare.anyOf.find((each) => each["properties"]["action"].const === action)!;
    const { action: _, ...rest } = objectToMessage(member, value as Message);
    return { [action]: rest };
  }
  return value;
}

function objectToMessage(schema: TSchema, value: Message): Message {
  const message: Message = {};
  for (const [property, part] of Object.entries(schema["properties"] as Record<string, TSchema>))
    if (value[property] !== undefined) message[nameOf(property, part)] = toMessage(part, value[property]);
  return message;
}

/** What a message says, in the operation's own terms. */
export function fromMessage(schema: TSchema, message: unknown): unknown {
  const bare = withoutNull(schema);
  if (message === undefined || message === null) return absent(schema, bare);
  if (bare["byteString"] === true) return toByteString(message as Buffer);
  if (KindGuard.IsUint8Array(bare)) return new Uint8Array(message as Buffer);
  if (KindGuard.IsBigInt(bare)) return BigInt(message as number);
  if (bare["instant"] === true) {
    const { seconds, nanos } = message as { readonly seconds: number; readonly nanos?: number };
    return Number(seconds) * 1000 + (nanos ?? 0) / 1_000_000;
  }
  if (KindGuard.IsArray(bare)) {
    const isPlain = schema[OptionalKind] === undefined && bare === schema;
    const items = isPlain ? message : (message as { readonly items: unknown }).items;
    return (items as unknown[]).map((item) => fromMessage(bare.items, item));
  }
  if (KindGuard.IsRecord(bare)) {
    const values = Object.values(bare.patternProperties)[0]!;
    return Object.fromEntries(Object.entries(message).map(([key, item]) => [key, fromMessage(values, item)]));
  }
  if (bare["properties"] === undefined) return message;
  return Object.fromEntries(
    Object.entries(bare["properties"] as Record<string, TSchema>).flatMap(([property, part]) => {
      const value = fromMessage(part, (message as Message)[nameOf(property, part)]);
      return value === undefined ? [] : [[property, value]];
    }),
  );
}

/** Protobuf leaves out what is empty; what may be missing is missing. */
function absent(schema: TSchema, bare: TSchema): unknown {
  if (schema[OptionalKind] !== undefined) return undefined;
  if (bare !== schema) return null;
  if (bare["byteString"] === true) return "";
  if (KindGuard.IsUint8Array(bare)) return new Uint8Array(0);
  if (KindGuard.IsBigInt(bare)) return 0n;
  if (KindGuard.IsArray(bare)) return [];
  if (KindGuard.IsBoolean(bare)) return false;
  if (KindGuard.IsInteger(bare) || KindGuard.IsNumber(bare)) return 0;
  return KindGuard.IsRecord(bare) ? {} : "";
}

function timestampOf(atMs: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(atMs / 1000);
  return { seconds, nanos: (atMs - seconds * 1000) * 1_000_000 };
}

function withoutNull(schema: TSchema): TSchema {
  if (!KindGuard.IsUnion(schema)) return schema;
  const rest = schema.anyOf.filter((member) => !KindGuard.IsNull(member));
  return rest.length === schema.anyOf.length || rest.length !== 1 ? schema : rest[0]!;
}

const nameOf = (property: string, schema: TSchema): string =>
  derivedName(property, schema, "snake").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
