import { KindGuard, OptionalKind, type TSchema } from "@sinclair/typebox";
import { derivedName } from "../derived/derived-field.ts";
import type { DerivedOperation } from "../derived/derived-operation.ts";
import { isRepository } from "../derived/repository-field.ts";
import type { FieldNumbers } from "./field-numbers.ts";
import type { FieldType, MessageField, MessageKind, MessageType, ScalarType } from "./message-type.ts";
import { protoTypeOf } from "./proto-type.ts";

/** A field before it has its number. */
type Unnumbered = Omit<MessageField, "number">;

/** An object's fields, by the names that callers give them. */
interface Property {
  readonly name: string;
  readonly property: string;
  readonly schema: TSchema;
}

/** What an operation takes and gives, as messages. */
export interface OperationMessages {
  readonly request: MessageType;
  readonly response: MessageType;
  /** The output is a noun, and a field of the response. */
  readonly wraps: boolean;
}

/** The field of a download's response. */
export const DOWNLOAD_FIELD = "data";
/** The field of what comes before the pieces. */
export const HEAD_FIELD = "head";
/** What methods are called behind the name of their operation that give its bytes in pieces. */
export const IN_PIECES = "InPieces";

/**
 * Makes messages of the schemas of operations. A schema with a title is a noun, and the same message wherever it is met; what has none stands
 * inside the message that has it.
 */
export class MessageTypes {
  readonly #numbers: FieldNumbers;
  readonly #nouns = new Map<string, { readonly schema: TSchema; readonly type: MessageType }>();

  constructor(numbers: FieldNumbers) {
    this.#numbers = numbers;
  }

  /** The messages that several operations share. */
  nouns(): MessageType[] {
    return [...this.#nouns.values()].map(({ type }) => type).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The request and the response of an operation. Throws an Error for a schema that no message can stand for. */
  of({ operation, fields, output }: DerivedOperation): OperationMessages {
    const name = pascalCase(operation.name);
    const inputs = [...fields.values()].map(({ field, name, schema }) => ({ name, property: field, schema }));
    const request = this.#object(`${name}Request`, inputs, `What ${name} is asked.`);
    const comment = `What ${name} answers.`;
    const responseName = `${name}Response`;
    if (output === undefined) {
      const piece: Unnumbered = { ...REQUIRED, name: DOWNLOAD_FIELD, property: DOWNLOAD_FIELD, type: "bytes" };
      const response = this.#message(
        responseName,
        comment,
        { kind: "object" },
        [{ ...piece, comment: "A piece." }],
        [],
      );
      return { request, response, wraps: false };
    }
    const noun = this.#noun(output);
    if (noun === undefined)
      return { request, response: this.#object(responseName, propertiesOf(output), comment), wraps: false };
    const whole: Unnumbered = { ...REQUIRED, name: snakeCase(noun.name), property: "", type: noun, label: "optional" };
    return { request, response: this.#message(responseName, comment, { kind: "object" }, [whole], []), wraps: true };
  }

  /** The messages of a method that gives what another one gives, but its bytes in pieces: first all but these, then one piece after the other. */
  inPieces({ operation, fields }: DerivedOperation, whole: MessageType): Omit<OperationMessages, "wraps"> {
    const name = `${pascalCase(operation.name)}${IN_PIECES}`;
    const inputs = [...fields.values()].map(({ field, name, schema }) => ({ name, property: field, schema }));
    const request = this.#object(`${name}Request`, inputs, `What ${name} is asked.`);
    const head: Unnumbered = {
      ...REQUIRED,
      name: HEAD_FIELD,
      property: HEAD_FIELD,
      type: whole,
      label: "optional",
      comment: "All but the bytes; in the first message alone.",
    };
    const data: Unnumbered = {
      ...REQUIRED,
      name: DOWNLOAD_FIELD,
      property: DOWNLOAD_FIELD,
      type: "bytes",
      comment: "A piece.",
    };
    const comment = `What ${name} answers, again and again.`;
    return { request, response: this.#message(`${name}Response`, comment, { kind: "object" }, [head, data], []) };
  }

  #object(name: string, properties: readonly Property[], comment: string): MessageType {
    const nested: MessageType[] = [];
    const fields = properties.map((each) => this.#field(name, each, nested));
    return this.#message(name, comment, { kind: "object" }, fields, nested);
  }

  /** The message of a schema that has a title of its own; undefined where it has none, or another schema has the same. */
  #noun(schema: TSchema): MessageType | undefined {
    const { title } = schema;
    if (title === undefined || schema["properties"] === undefined) return undefined;
    const known = this.#nouns.get(title);
    if (known !== undefined) return isSame(known.schema, schema) ? known.type : undefined;
    const type = this.#object(title, propertiesOf(schema), sentence(schema.description ?? title));
    this.#nouns.set(title, { schema, type });
    return type;
  }

  #field(parent: string, { name: called, property, schema }: Property, nested: MessageType[]): Unnumbered {
    const name = snakeCase(called);
    const isOptional = schema[OptionalKind] !== undefined;
    const { schema: bare, isNullable } = withoutNull(schema);
    const comment = commentOf(schema, bare);
    const field = { name, property, isNullable, comment };
    if (KindGuard.IsRecord(bare)) {
      const values = Object.values(bare.patternProperties)[0]!;
      return { ...field, type: this.#type(parent, name, values, nested), label: "map" };
    }
    if (KindGuard.IsArray(bare)) {
      const type = this.#type(parent, singular(name), bare.items, nested);
      if (!isOptional && !isNullable) return { ...field, type, label: "repeated" };
      // An empty list is not on the wire: where none is something else, the list is a message.
      return { ...field, type: this.#list(parent, name, type, nested), label: "optional" };
    }
    const type = this.#type(parent, name, bare, nested);
    const label = isOptional || isNullable || typeof type === "object" || type === "instant" ? "optional" : "required";
    return { ...field, type, label };
  }

  #type(parent: string, name: string, schema: TSchema, nested: MessageType[]): FieldType {
    const scalar = scalarOf(schema);
    if (scalar !== undefined) return scalar;
    const noun = this.#noun(schema);
    if (noun !== undefined) return noun;
    if (schema["properties"] !== undefined) {
      const comment = sentence(schema.description ?? `Part of ${parent}`);
      return added(nested, this.#object(`${parent}.${pascalCase(name)}`, propertiesOf(schema), comment));
    }
    if (KindGuard.IsUnion(schema)) return added(nested, this.#union(`${parent}.${pascalCase(name)}`, schema));
    throw new Error(`${parent}.${name}: no type of protobuf is known for ${JSON.stringify(schema)}`);
  }

  /** One of several objects, each of which says in a field of its own which one it is. */
  #union(name: string, schema: TSchema): MessageType {
    const members = schema["anyOf"] as TSchema[];
    const discriminator = discriminatorOf(members);
    if (discriminator === undefined)
      throw new Error(`${name}: the members of a union need a field that tells them apart`);
    const nested: MessageType[] = [];
    const fields = members.map((member): Unnumbered => {
      const properties = propertiesOf(member);
      const says = properties.find(({ property }) => property === discriminator)!.schema["const"] as string;
      const rest = properties.filter(({ property }) => property !== discriminator);
      const comment = sentence(member.description ?? `${discriminator}: ${says}`);
      const type = added(nested, this.#object(`${name}.${pascalCase(says)}`, rest, comment));
      return { ...REQUIRED, name: snakeCase(says), property: says, type, label: "one_of", comment: "" };
    });
    const comment = sentence(schema.description ?? "One of these");
    return this.#message(name, comment, { kind: "union", discriminator }, fields, nested);
  }

  #list(parent: string, name: string, type: FieldType, nested: MessageType[]): MessageType {
    const items: Unnumbered = { ...REQUIRED, name: "items", property: "items", type, label: "repeated" };
    const comment = "A list; an empty one is something else than none.";
    return added(nested, this.#message(`${parent}.${pascalCase(name)}`, comment, { kind: "list" }, [items], []));
  }

  #message(
    name: string,
    comment: string,
    shape: MessageKind,
    fields: readonly Unnumbered[],
    nested: readonly MessageType[],
  ): MessageType {
    const typed = fields.map((field) => ({ name: field.name, type: protoTypeOf(field) }));
    const { numbers, gone } = this.#numbers.of(name, typed);
    const numbered = fields.map((field) => ({ ...field, number: numbers.get(field.name)! }));
    return { name, comment, shape, fields: numbered, nested, reserved: gone };
  }
}

/** The same fields: one schema, or two that say the same. */
function isSame(a: TSchema, b: TSchema): boolean {
  if (a["properties"] === b["properties"]) return true;
  const fields = ({ properties, required }: TSchema) => JSON.stringify([properties, required]);
  return fields(a) === fields(b);
}

const REQUIRED = { label: "required", isNullable: false, comment: "" } as const;

function propertiesOf(schema: TSchema): Property[] {
  return Object.entries(schema["properties"] as Record<string, TSchema>).map(([property, part]) => ({
    name: derivedName(property, part, "snake"),
    property,
    schema: part,
  }));
}

function scalarOf(schema: TSchema): ScalarType | undefined {
  if (isRepository(schema)) return "repository";
  if (schema["byteString"] === true) return "byte_string";
  if (schema["instant"] === true) return "instant";
  if (KindGuard.IsUint8Array(schema)) return "bytes";
  if (KindGuard.IsString(schema) || isWords(schema)) return "string";
  if (KindGuard.IsBoolean(schema)) return "bool";
  if (KindGuard.IsInteger(schema)) return "integer";
  if (KindGuard.IsBigInt(schema)) return "big_integer";
  return KindGuard.IsNumber(schema) ? "double" : undefined;
}

const isWord = (schema: TSchema): boolean => KindGuard.IsLiteral(schema) && typeof schema.const === "string";

/** Words to choose from: a word, or a union of words. */
const isWords = (schema: TSchema): boolean =>
  isWord(schema) || (KindGuard.IsUnion(schema) && schema.anyOf.every(isWord));

/** `X | null` is X, or nothing. */
function withoutNull(schema: TSchema): { readonly schema: TSchema; readonly isNullable: boolean } {
  if (!KindGuard.IsUnion(schema)) return { schema, isNullable: false };
  const rest = schema.anyOf.filter((member) => !KindGuard.IsNull(member));
  if (rest.length === schema.anyOf.length) return { schema, isNullable: false };
  return { schema: rest.length === 1 ? rest[0]! : { ...schema, anyOf: rest }, isNullable: true };
}

/** The field that is a word of its own in each of these objects. */
function discriminatorOf(members: readonly TSchema[]): string | undefined {
  const [first] = members.map((member) => (member["properties"] ?? {}) as Record<string, TSchema>);
  return Object.keys(first ?? {}).find((field) => {
    const words = members.map((member) => (member["properties"] as Record<string, TSchema> | undefined)?.[field]);
    if (!words.every((word) => word !== undefined && isWord(word))) return false;
    return new Set(words.map((word) => word!["const"] as string)).size === members.length;
  });
}

const REPOSITORY_COMMENT = "Full name of a repository, such as alice/demo";

/** What the schema says about the field, and the words that it takes. */
function commentOf(schema: TSchema, bare: TSchema): string {
  const said = isRepository(bare) ? REPOSITORY_COMMENT : (schema.description ?? bare.description);
  const words = KindGuard.IsUnion(bare) && isWords(bare) ? bare.anyOf.map((member) => member["const"] as string) : [];
  const choice = words.length === 0 ? undefined : `One of: ${words.join(", ")}`;
  return [said, choice].flatMap((each) => (each === undefined ? [] : [sentence(each)])).join(" ");
}

export const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function added(nested: MessageType[], type: MessageType): MessageType {
  nested.push(type);
  return type;
}

/** `createCommit`, `ff-only` and `next_cursor` as types are called. */
export const pascalCase = (name: string): string =>
  name.replace(/(?:^|[-_])([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const snakeCase = (name: string): string =>
  name
    .replaceAll("-", "_")
    .replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`)
    .toLowerCase();

/** One of `items` is an `item`. */
const singular = (name: string): string =>
  name.endsWith("s") ? name.replace(/ies$/, "y_").replace(/[s_]$/, "") : name;
