import type { InputFieldMap, InputRef, InputTypeParam } from "@pothos/core";
import { KindGuard, type TLiteral } from "@sinclair/typebox";
import { Maybe, type TSchema, Type } from "../../../contract/fields.ts";
import { jsonName } from "../../../contract/json-codec.ts";
import { isRequired } from "../derived/json-schema.ts";
import { isRepository } from "../derived/repository-field.ts";
import { choicesOf, type EnumTypes } from "./enum-types.ts";
import { leafOf } from "./leaf-type.ts";
import type { GraphqlBuilder, GraphqlSchemaTypes } from "./schema-builder.ts";
import { propertiesOf, type Properties, shapeOf, titleOf, withoutNull } from "./schema-shape.ts";
import { innerName, singular, type TypeNames } from "./type-names.ts";

export type InputType = InputTypeParam<GraphqlSchemaTypes>;

type ObjectInput = InputRef<Record<string, unknown>>;

/** Input types of GraphQL for what operations take. */
export class InputTypes {
  readonly #builder: GraphqlBuilder;
  readonly #names: TypeNames;
  readonly #enums: EnumTypes;
  readonly #byShape = new Map<string, ObjectInput>();

  constructor(builder: GraphqlBuilder, names: TypeNames, enums: EnumTypes) {
    this.#builder = builder;
    this.#names = names;
    this.#enums = enums;
  }

  /** The type of an argument; `name` is for a type that has no name of its own. */
  typeOf(whole: TSchema, name: string): InputType {
    if (isRepository(whole)) return "ID";
    const { schema } = withoutNull(whole);
    const choices = choicesOf(schema);
    if (choices !== undefined) return this.#enums.of(choices, titleOf(schema) ?? name, name);
    const leaf = leafOf(schema);
    if (leaf !== undefined) return leaf;
    if (KindGuard.IsArray(schema)) {
      const item = this.typeOf(schema.items, singular(name));
      return Array.isArray(item) ? "JSON" : ([item] as InputType);
    }
    const properties = propertiesOf(schema) ?? mergedProperties(schema);
    return properties === undefined ? "JSON" : this.#objectOf(schema, properties, name);
  }

  #objectOf(schema: TSchema, properties: Properties, name: string): ObjectInput {
    const shape = shapeOf(schema);
    const known = this.#byShape.get(shape);
    if (known !== undefined) return known;
    const title = titleOf(schema);
    const wanted = title === undefined ? [`${name}Input`] : [`${title}Input`, `${name}Input`];
    const parts = Object.entries(properties).map(([field, part]) => ({
      field: jsonName(field, part, "camel"),
      part,
      type: this.typeOf(part, innerName(name, field)),
    }));
    const made = this.#builder.inputRef<Record<string, unknown>>(this.#names.take(...wanted)).implement({
      ...(schema.description !== undefined && { description: schema.description }),
      fields: (t) => {
        const fields: InputFieldMap = {};
        for (const { field, part, type } of parts) {
          const description = part.description === undefined ? {} : { description: part.description };
          fields[field] = t.field({ type, required: isRequired(part), ...description });
          if (part["content"] === true) fields["encoding"] = t.string({ description: encodingOf(field) });
        }
        return fields as never;
      },
    }) as unknown as ObjectInput;
    this.#byShape.set(shape, made);
    return made;
  }
}

/** What `encoding` beside a content means. */
export const encodingOf = (content: string): string => `How ${content} says the bytes: utf-8 when absent, or base64`;

/**
 * One object for a choice among several: GraphQL has no choice among inputs. What all of them need is needed, all else may be there; the
 * operation says what does not go together.
 */
function mergedProperties(schema: TSchema): Properties | undefined {
  if (!KindGuard.IsUnion(schema)) return undefined;
  const members = schema.anyOf.map(propertiesOf);
  if (members.includes(undefined)) return undefined;
  const names = new Set((members as Properties[]).flatMap((each) => Object.keys(each)));
  return Object.fromEntries(
    [...names].map((name) => [name, mergedField((members as Properties[]).map((each) => each[name]))]),
  );
}

function mergedField(parts: readonly (TSchema | undefined)[]): TSchema {
  const present = parts.filter((part) => part !== undefined);
  const literals = present.filter(KindGuard.IsLiteral);
  const merged = literals.length === present.length ? Type.Union(distinct(literals)) : present[0]!;
  return parts.length === present.length && present.every(isRequired) ? merged : Maybe(merged);
}

const distinct = (literals: readonly TLiteral[]): TLiteral[] => [
  ...new Map(literals.map((literal) => [literal.const, literal])).values(),
];
