/** Numbers of the fields of each message, with what they have in them: `{"Commit": {"oid": [1, "string"]}}`. Those that are gone as well. */
export type FieldNumberTable = Readonly<Record<string, Readonly<Record<string, FieldNumber>>>>;

export type FieldNumber = readonly [number: number, type: string];

/** A field that is to have a number. */
export interface NumberedField {
  readonly name: string;
  /** As in the .proto file: `repeated string`. Programs that have been built read it under this number, so it stays. */
  readonly type: string;
}

/**
 * Gives the fields of messages their numbers: those that they have had before, and the next free ones to what is new. A number is never
 * given to anything else, so programs that have been built with an older description understand what they are told.
 */
export class FieldNumbers {
  readonly #table = new Map<string, Map<string, FieldNumber>>();

  constructor(known: FieldNumberTable) {
    for (const [message, fields] of Object.entries(known)) this.#table.set(message, new Map(Object.entries(fields)));
  }

  /**
   * The numbers of a message's fields, and those that are gone. Throws an Error where a field has become of another type: under the same
   * number it would be misread, so it needs another name.
   */
  of(
    message: string,
    fields: readonly NumberedField[],
  ): { readonly numbers: ReadonlyMap<string, number>; readonly gone: readonly { name: string; number: number }[] } {
    const known = this.#table.get(message) ?? new Map<string, FieldNumber>();
    this.#table.set(message, known);
    const numbers = new Map<string, number>();
    let last = Math.max(0, ...[...known.values()].map(([number]) => number));
    for (const { name, type } of fields) {
      const before = known.get(name);
      if (before !== undefined && before[1] !== type)
        throw new Error(`${message}.${name} was ${before[1]} and is ${type}: give it another name`);
      const number = before?.[0] ?? ++last;
      known.set(name, [number, type]);
      numbers.set(name, number);
    }
    const gone = [...known].flatMap(([name, [number]]) => (numbers.has(name) ? [] : [{ name, number }]));
    return { numbers, gone };
  }

  /** All that has a number, sorted by message: what the next one shall know. */
  table(): FieldNumberTable {
    const sorted = [...this.#table].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([message, fields]) => [message, Object.fromEntries(fields)]));
  }

  /** The table as the file has it: a line for each message. */
  text(): string {
    const lines = Object.entries(this.table()).map(
      ([message, fields]) => `  ${JSON.stringify(message)}: ${JSON.stringify(fields)}`,
    );
    return `{\n${lines.join(",\n")}\n}\n`;
  }
}
