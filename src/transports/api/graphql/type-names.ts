/** `listFiles` as the name of a type: `ListFiles`. */
export const typeCase = (name: string): string =>
  name.replace(/(?:^|[_-])(\w)/g, (_, letter: string) => letter.toUpperCase());

/** One of a field's items: `conflicts` has `Conflict`s. */
export function singular(name: string): string {
  if (name.endsWith("ies")) return `${name.slice(0, -3)}y`;
  return name.endsWith("s") && !name.endsWith("ss") ? name.slice(0, -1) : name;
}

/** The name of what a field of a type is: an `Action` of actions is a `CommitAction`, not a `CommitActionAction`. */
export function innerName(owner: string, field: string): string {
  const inner = typeCase(field);
  return owner.endsWith(inner) ? owner : owner + inner;
}

/** Names of types, each given once. */
export class TypeNames {
  readonly #taken = new Set<string>();

  /** The first of these that is free; else the last with a number. */
  take(...wanted: readonly string[]): string {
    let name = wanted.find((each) => !this.#taken.has(each));
    for (let number = 2; name === undefined; number++) {
      const numbered = `${wanted.at(-1)}${number}`;
      if (!this.#taken.has(numbered)) name = numbered;
    }
    this.#taken.add(name);
    return name;
  }
}

/** The name of an enum's value; undefined for a text that cannot be one. */
export function enumValueName(text: string): string | undefined {
  const name = text.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !["true", "false", "null"].includes(name) ? name : undefined;
}
