import type { FieldMap, ObjectFieldBuilder, ObjectRef, TypeParam } from "@pothos/core";
import { KindGuard, type TSchema } from "@sinclair/typebox";
import { jsonName } from "../../../contract/json-codec.ts";
import { isRequired } from "../derived/json-schema.ts";
import { choicesOf, type EnumTypes } from "./enum-types.ts";
import { leafOf } from "./leaf-type.ts";
import { ALREADY_COUNTED, type GraphqlBuilder, type GraphqlSchemaTypes } from "./schema-builder.ts";
import { propertiesOf, type Properties, shapeOf, titleOf, withoutNull } from "./schema-shape.ts";
import { type Told, toldOf } from "./told.ts";
import { innerName, singular, type TypeNames } from "./type-names.ts";

export type ToldRef = ObjectRef<GraphqlSchemaTypes, Told>;
export type OutputType = TypeParam<GraphqlSchemaTypes>;
export type ToldFields = (t: ObjectFieldBuilder<GraphqlSchemaTypes, Told>) => FieldMap;
/** Makes the type of a noun that is more than its fields: a node, a type with edges. */
export type NounType = (name: string, description: string | undefined, fields: ToldFields) => ToldRef;

/** What a field of GraphQL gives. */
export interface OutputField {
  readonly type: OutputType;
  readonly nullable: boolean;
  readonly description: string | undefined;
}

/** Object types of GraphQL for what operations give, each noun once. */
export class OutputTypes {
  readonly #builder: GraphqlBuilder;
  readonly #names: TypeNames;
  readonly #enums: EnumTypes;
  readonly #nouns: ReadonlyMap<string, NounType>;
  readonly #titles = new Map<string, string>();
  readonly #byTitle = new Map<string, ToldRef>();
  readonly #byProperties = new Map<Properties, ToldRef>();

  constructor(
    builder: GraphqlBuilder,
    names: TypeNames,
    enums: EnumTypes,
    nouns: ReadonlyMap<string, NounType> = new Map(),
  ) {
    this.#builder = builder;
    this.#names = names;
    this.#enums = enums;
    this.#nouns = nouns;
  }

  /** Takes note of the nouns in a schema, so that the same fields elsewhere are the same noun. */
  learn(schema: TSchema): void {
    const title = titleOf(schema);
    if (title !== undefined && propertiesOf(schema) !== undefined) this.#titles.set(shapeOf(schema), title);
    for (const part of partsOf(schema)) this.learn(part);
  }

  /** What a schema is as a field; `name` is for a type that has no name of its own. */
  fieldOf(whole: TSchema, name: string): OutputField {
    const { schema, nullable } = withoutNull(whole);
    return {
      type: this.#typeOf(schema, name),
      nullable: nullable || !isRequired(whole),
      description: whole.description,
    };
  }

  /** The type of a noun that some operation gives. Throws for one that none does. */
  noun(title: string): ToldRef {
    const known = this.#byTitle.get(title);
    if (known === undefined) throw new Error(`no operation gives a ${title}`);
    return known;
  }

  #typeOf(schema: TSchema, name: string): OutputType {
    const choices = choicesOf(schema);
    if (choices !== undefined) return this.#enums.of(choices, titleOf(schema) ?? name, name);
    const leaf = leafOf(schema);
    if (leaf !== undefined) return leaf;
    if (KindGuard.IsArray(schema)) {
      const item = this.#typeOf(schema.items, singular(name));
      return Array.isArray(item) ? "JSON" : [item as ToldRef];
    }
    const properties = propertiesOf(schema);
    if (properties === undefined) return "JSON";
    return Object.keys(properties).length === 0 ? "Boolean" : this.#objectOf(schema, properties, name);
  }

  #objectOf(schema: TSchema, properties: Properties, name: string): ToldRef {
    const item = pageItemOf(properties);
    const title = titleOf(schema) ?? this.#titles.get(shapeOf(schema)) ?? this.#pageTitle(item);
    const known = title === undefined ? this.#byProperties.get(properties) : this.#byTitle.get(title);
    if (known !== undefined) return known;
    const taken = this.#names.take(...(title === undefined ? [name] : [title, name]));
    const inner = taken.replace(/(Result|Page)$/, "");
    const make = (title === undefined ? undefined : this.#nouns.get(title)) ?? this.#plain;
    const made = make(taken, schema.description, (t) => this.#fieldsOf(t, properties, inner));
    if (title === undefined) this.#byProperties.set(properties, made);
    else this.#byTitle.set(title, made);
    // Types are made in the order of the table, not when somebody first builds the schema.
    for (const [field, part] of Object.entries(properties)) this.fieldOf(part, innerName(inner, field));
    return made;
  }

  #pageTitle(item: TSchema | undefined): string | undefined {
    const title = item === undefined ? undefined : (titleOf(item) ?? this.#titles.get(shapeOf(item)));
    return title === undefined ? undefined : `${title}Page`;
  }

  readonly #plain: NounType = (name, description, fields) =>
    this.#builder.objectRef<Told>(name).implement({ ...(description !== undefined && { description }), fields });

  #fieldsOf(t: ObjectFieldBuilder<GraphqlSchemaTypes, Told>, properties: Properties, owner: string): FieldMap {
    const fields: FieldMap = {};
    const isPage = "nextCursor" in properties;
    for (const [field, part] of Object.entries(properties)) {
      const name = jsonName(field, part, "camel");
      const { type, nullable, description } = this.fieldOf(part, innerName(owner, field));
      fields[name] = t.field({
        type,
        nullable,
        ...(isPage && name === "items" && { complexity: ALREADY_COUNTED }),
        ...(description !== undefined && { description }),
        resolve: (isObject(type)
          ? ({ json, place }: Told) => toldOf(json[name], place)
          : ({ json }: Told) => json[name]) as never,
      });
      if (part["content"] === true)
        fields["encoding"] = t.string({
          nullable,
          description: `How ${name} says the bytes: utf-8 or base64`,
          resolve: ({ json }) => json["encoding"] as string,
        });
    }
    return fields;
  }
}

/** Objects have fields of their own; scalars are what they are, also where their JSON is an object. */
function isObject(type: OutputType): boolean {
  const item: unknown = Array.isArray(type) ? type[0] : type;
  return typeof item === "object" && item !== null && "kind" in item && item.kind === "Object";
}

function partsOf(schema: TSchema): readonly TSchema[] {
  if (KindGuard.IsArray(schema)) return [schema.items];
  if (KindGuard.IsUnion(schema)) return schema.anyOf;
  return Object.values(propertiesOf(schema) ?? {});
}

/** What a page has pages of; undefined for what is no page. */
function pageItemOf(properties: Properties): TSchema | undefined {
  const { items, nextCursor, ...more } = properties;
  if (nextCursor === undefined || Object.keys(more).length > 0 || items === undefined) return undefined;
  return KindGuard.IsArray(items) ? items.items : undefined;
}
