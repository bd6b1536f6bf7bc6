import { type ByteString, fromByteString, toByteString } from "./bytes.ts";
import type { Identity } from "./identity.ts";

/** What one line of a mailmap puts in the place of a name, a mail address or both. */
interface Replacement {
  name?: Uint8Array;
  email?: Uint8Array;
}

/** Replacements for one mail address: for anyone who used it, and for people of particular names. */
interface Entry {
  readonly anyone: Replacement;
  readonly byName: Map<ByteString, Replacement>;
}

/** Proper names and addresses of people, as gitmailmap(5) writes them down. */
export class Mailmap {
  readonly #entries: ReadonlyMap<ByteString, Entry>;

  private constructor(entries: ReadonlyMap<ByteString, Entry>) {
    this.#entries = entries;
  }

  /** Parses the content of a `.mailmap` file; lines that make no sense are skipped, as Git does. */
  static parse(content: Uint8Array): Mailmap {
    const entries = new Map<ByteString, Entry>();
    for (const line of toByteString(content).split("\n")) addLine(entries, line);
    return new Mailmap(entries);
  }

  /** Gives the identity with its proper name and address; the same object when no line fits. */
  apply(identity: Identity): Identity {
    const entry = this.#entries.get(foldCase(toByteString(identity.email)));
    if (entry === undefined) return identity;
    const named = entry.byName.size > 0 ? entry.byName.get(foldCase(toByteString(identity.name))) : undefined;
    const { name, email } = named ?? entry.anyone;
    if (name === undefined && email === undefined) return identity;
    return { ...identity, name: name ?? identity.name, email: email ?? identity.email };
  }
}

interface NameAndEmail {
  /** Absent when only white space stands before the address. */
  readonly name?: ByteString;
  readonly email: ByteString;
  /** What follows the address. */
  readonly rest: string;
}

function addLine(entries: Map<ByteString, Entry>, line: string): void {
  if (line.startsWith("#")) return;
  const proper = parseNameAndEmail(line, false);
  if (proper === undefined) return;
  const recorded = parseNameAndEmail(proper.rest, true);
  const key = foldCase(recorded?.email ?? proper.email);
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { anyone: {}, byName: new Map() };
    entries.set(key, entry);
  }
  const replacement: Replacement = {};
  if (proper.name !== undefined) replacement.name = fromByteString(proper.name);
  if (recorded !== undefined) replacement.email = fromByteString(proper.email);
  if (recorded?.name === undefined) Object.assign(entry.anyone, replacement);
  else entry.byName.set(foldCase(recorded.name), replacement);
}

function parseNameAndEmail(text: string, emptyEmailAllowed: boolean): NameAndEmail | undefined {
  const open = text.indexOf("<");
  const close = open < 0 ? -1 : text.indexOf(">", open);
  if (close < 0 || (close === open + 1 && !emptyEmailAllowed)) return undefined;
  const name = text.slice(0, open).trim();
  return { ...(name === "" ? {} : { name }), email: text.slice(open + 1, close), rest: text.slice(close + 1) };
}

/** Names and addresses are compared without regard to the case of ASCII letters, as strcasecmp does. */
function foldCase(text: ByteString): ByteString {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
