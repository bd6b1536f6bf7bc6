import { KindGuard, type TSchema } from "@sinclair/typebox";
import type { EnumRef } from "@pothos/core";
import type { GraphqlBuilder } from "./schema-builder.ts";
import { enumValueName, type TypeNames } from "./type-names.ts";

type TextEnum = EnumRef<never, string, string>;

/** The texts that a schema allows; undefined for one that is no choice of texts, or has texts that GraphQL cannot name. */
export function choicesOf(schema: TSchema): readonly string[] | undefined {
  const members = KindGuard.IsUnion(schema) ? schema.anyOf : [schema];
  if (!members.every((member) => KindGuard.IsLiteral(member) && typeof member.const === "string")) return undefined;
  const texts = members.map((member) => member["const"] as string);
  const names = texts.map(enumValueName);
  return names.includes(undefined) || new Set(names).size < names.length ? undefined : texts;
}

/** Enums of GraphQL, one for each choice of texts. */
export class EnumTypes {
  readonly #builder: GraphqlBuilder;
  readonly #names: TypeNames;
  readonly #byChoices = new Map<string, TextEnum>();

  constructor(builder: GraphqlBuilder, names: TypeNames) {
    this.#builder = builder;
    this.#names = names;
  }

  /** The enum of these texts; `wanted` names it where it is the first. */
  of(choices: readonly string[], ...wanted: readonly string[]): TextEnum {
    const key = choices.toSorted().join("|");
    const known = this.#byChoices.get(key);
    if (known !== undefined) return known;
    const values = Object.fromEntries(choices.map((text) => [enumValueName(text)!, { value: text }]));
    const made = this.#builder.enumType(this.#names.take(...wanted, `${wanted.at(-1)}Value`), {
      values,
    }) as unknown as TextEnum;
    this.#byChoices.set(key, made);
    return made;
  }
}
