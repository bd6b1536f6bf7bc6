import type { ByteString } from "../domain/bytes.ts";

/** What a client or server says it can do: names, with a value where there is one. */
export class Capabilities {
  readonly #values = new Map<string, string>();

  /** Reads names and `name=value` pairs that are separated by spaces (gitprotocol-capabilities(5)); the first of a name counts. */
  static parse(text: ByteString): Capabilities {
    const capabilities = new Capabilities();
    for (const word of text.split(/[ \t\n]/)) {
      if (word === "") continue;
      const equals = word.indexOf("=");
      const name = equals < 0 ? word : word.slice(0, equals);
      if (!capabilities.#values.has(name)) capabilities.#values.set(name, equals < 0 ? "" : word.slice(equals + 1));
    }
    return capabilities;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value of a capability; empty for one without, undefined for one that was not named. */
  value(name: string): string | undefined {
    return this.#values.get(name);
  }
}

/** A value that is safe in an advertisement: printable, without spaces. */
export function capabilityValue(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "-");
}
