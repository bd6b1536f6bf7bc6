/** Numbers of the fields of each message, with what they have in them: `{"Commit": {"oid": [1, "string"]}}`. Those that are gone as well. */
export type FieldNumberTable = Readonly<Record<string, Readonly<Record<string, FieldNumber>>>>;

export type FieldNumber = readonly [number: number, type: string];

/** A field that is to have a number. */
export interface NumberedField {
  readonly name: string;
  /** As in the .proto file: `repeated string`. Programs that have been built read it under this number, so it stays. */
  readonly type: string;
}

/** A field that is gone; without its name where that is a field of another type now. */
export interface GoneField {
  readonly name?: string;
  readonly number: number;
}

/** What a field is called that is of another type now. */
const asItWas = (name: string, type: string): string => `${name}: ${type}`;
const isName = (name: string): boolean => !name.includes(":");

/**
 * Gives the fields of messages their numbers: those that they have had before, and the next free ones to what is new. A number is never
 * given to anything else, so programs that have been built with an older description understand what they are told.
 */
export class FieldNumbers {
  readonly #table = new Map<string, Map<string, FieldNumber>>();

  constructor(known: FieldNumberTable) {
    for (const [message, fields] of Object.entries(known)) this.#table.set(message, new Map(Object.entries(fields)));
  }

  /** The numbers of a message's fields, and what is gone: under the same number a field of another type would be misread, so it gets a new one. */
  of(
    message: string,
    fields: readonly NumberedField[],
  ): { readonly numbers: ReadonlyMap<string, number>; readonly gone: readonly GoneField[] } {
    const known = this.#table.get(message) ?? new Map<string, FieldNumber>();
    this.#table.set(message, known);
    const numbers = new Map<string, number>();
    let last = Math.max(0, ...[...known.values()].map(([number]) => number));
    for (const { name, type } of fields) {
      const before = known.get(name);
      if (before !== undefined && before[1] !== type) known.set(asItWas(name, before[1]), before);
      const same = before?.[1] === type ? before : known.get(asItWas(name, type));
      known.delete(asItWas(name, type));
      const number = same?.[0] ?? ++last;
      known.set(name, [number, type]);
      numbers.set(name, number);
    }
    const gone = [...known].flatMap(([name, [number]]): GoneField[] => {
      if (numbers.has(name)) return [];
      return [isName(name) ? { name, number } : { number }];
    });
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
