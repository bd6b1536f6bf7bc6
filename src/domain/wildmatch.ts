import type { ByteString } from "./bytes.ts";

/** A pattern, compiled. */
export type Matcher = (text: ByteString) => boolean;

/** One step of a pattern: a byte, a set of bytes, or a run. */
type Step =
  | { readonly kind: "byte"; readonly byte: number }
  | { readonly kind: "set"; readonly has: Uint8Array }
  /** Any bytes but a slash. */
  | { readonly kind: "name" }
  /** Any bytes at all. */
  | { readonly kind: "anything" }
  /** No or some whole directories, each with its slash. */
  | { readonly kind: "directories" };

const SLASH = 0x2f;
const SPECIAL = /[*?[\\]/;

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[\x21-\x7e]/,
  lower: /[a-z]/,
  print: /[\x20-\x7e]/,
  punct: /[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** Does the text have characters that mean something in a pattern? */
export function isPattern(text: ByteString): boolean {
  return SPECIAL.test(text);
}

/** The part of a pattern before its first special character. */
export function literalPrefix(pattern: ByteString): ByteString {
  const at = pattern.search(SPECIAL);
  return at < 0 ? pattern : pattern.slice(0, at);
}

/**
 * Compiles a glob of Git's kind (the patterns of git-for-each-ref(1) and gitignore(5)). With `pathname`, `*` and `?` stay within
 * a name, and a `**` that stands alone between slashes crosses them; without it, `*` matches anything. Matching takes at most
 * quadratic time, whatever the pattern.
 */
export function compileWildmatch(pattern: ByteString, options: { pathname: boolean }): Matcher {
  if (!isPattern(pattern)) return (text) => text === pattern;
  const steps = new PatternReader(pattern, options.pathname).steps();
  return steps === undefined ? () => false : (text) => matches(steps, text);
}

class PatternReader {
  readonly #pattern: string;
  readonly #pathname: boolean;
  readonly #steps: Step[] = [];
  #at = 0;

  constructor(pattern: string, pathname: boolean) {
    this.#pattern = pattern;
    this.#pathname = pathname;
  }

  /** Undefined for a malformed pattern, which matches nothing. */
  steps(): Step[] | undefined {
    while (this.#at < this.#pattern.length) {
      const step = this.#next();
      if (step === undefined) return undefined;
      this.#steps.push(step);
    }
    return this.#steps;
  }

  #next(): Step | undefined {
    const char = this.#pattern[this.#at]!;
    if (char === "*") return this.#stars();
    if (char === "[") return this.#brackets();
    if (char === "?") {
      this.#at++;
      return this.#set(() => true);
    }
    if (char === "\\") this.#at++;
    if (this.#at >= this.#pattern.length) return undefined;
    return { kind: "byte", byte: this.#pattern.charCodeAt(this.#at++) };
  }

  #stars(): Step {
    const start = this.#at;
    while (this.#pattern[this.#at] === "*") this.#at++;
    if (!this.#pathname) return { kind: "anything" };
    const opens = start === 0 || this.#pattern[start - 1] === "/";
    if (this.#at - start < 2 || !opens) return { kind: "name" };
    if (this.#at === this.#pattern.length) return { kind: "anything" };
    if (this.#pattern[this.#at] !== "/") return { kind: "name" };
    this.#at++;
    return { kind: "directories" };
  }

  #brackets(): Step | undefined {
    this.#at++;
    const negated = this.#pattern[this.#at] === "!" || this.#pattern[this.#at] === "^";
    if (negated) this.#at++;
    const members = new Uint8Array(256);
    for (let first = true; first || this.#pattern[this.#at] !== "]"; first = false) {
      if (!this.#member(members)) return undefined;
    }
    this.#at++;
    return this.#set((byte) => (members[byte] === 1) !== negated);
  }

  /** Reads a character, a range or a named class into the set; false when the pattern ends too early. */
  #member(members: Uint8Array): boolean {
    const named = /^\[:([a-z]*):\]/.exec(this.#pattern.slice(this.#at, this.#at + 12));
    if (named !== null) {
      const chars = CLASSES[named[1]!];
      if (chars === undefined) return false;
      for (let byte = 0; byte < 256; byte++) if (chars.test(String.fromCharCode(byte))) members[byte] = 1;
      this.#at += named[0].length;
      return true;
    }
    const from = this.#bracketByte();
    if (from === undefined) return false;
    const next = this.#pattern[this.#at + 1];
    if (this.#pattern[this.#at] !== "-" || next === undefined || next === "]") {
      members[from] = 1;
      return true;
    }
    this.#at++;
    const to = this.#bracketByte();
    if (to === undefined) return false;
    members.fill(1, from, to + 1);
    return true;
  }

  #bracketByte(): number | undefined {
    if (this.#pattern[this.#at] === "\\") this.#at++;
    return this.#at < this.#pattern.length ? this.#pattern.charCodeAt(this.#at++) : undefined;
  }

  #set(contains: (byte: number) => boolean): Step {
    const has = new Uint8Array(256);
    for (let byte = 0; byte < 256; byte++) if (contains(byte)) has[byte] = 1;
    if (this.#pathname) has[SLASH] = 0;
    return { kind: "set", has };
  }
}

/** Walks text and steps side by side; on a mismatch the latest run takes one byte (or directory) more. */
function matches(steps: readonly Step[], text: ByteString): boolean {
  let at = 0;
  let step = 0;
  // Where to go on when the latest run within a name, or the latest run across slashes, is made longer.
  let nameStep = -1;
  let nameAt = 0;
  let deepStep = -1;
  let deepAt = 0;
  while (true) {
    const current = steps[step];
    if (current === undefined) {
      if (at === text.length) return true;
    } else if (current.kind === "name") {
      nameStep = ++step;
      nameAt = at;
      continue;
    } else if (current.kind === "anything" || current.kind === "directories") {
      deepStep = ++step;
      deepAt = at;
      nameStep = -1;
      continue;
    } else if (at < text.length) {
      const byte = text.charCodeAt(at);
      if (current.kind === "byte" ? byte === current.byte : current.has[byte] === 1) {
        at++;
        step++;
        continue;
      }
    }
    if (nameStep >= 0 && nameAt < text.length && text.charCodeAt(nameAt) !== SLASH) {
      at = ++nameAt;
      step = nameStep;
    } else if (deepStep >= 0) {
      const next = steps[deepStep - 1]!.kind === "anything" ? deepAt + 1 : text.indexOf("/", deepAt) + 1;
      if (next === 0 || next > text.length) return false;
      at = deepAt = next;
      step = deepStep;
      nameStep = -1;
    } else return false;
  }
}
