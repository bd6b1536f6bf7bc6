import type { PathFilter } from "./path-filter.ts";
import { textOf } from "./text.ts";

const NEWLINE = 0x0a;
/** Every line of a hunk starts with another character, so this is always the head of a file. */
const FILE_START = "diff --git ";

/** Lets through the files of a raw diff that are wanted. Holds no more than one head of a file, or the piece of a line. */
export class RawDiffFilter {
  readonly #wanted: PathFilter;
  /** The lines of a head, until it has told its paths. */
  #head: Uint8Array[] = [];
  #inHead = false;
  #passes = false;
  /** The beginning of a line whose end has not come yet. */
  #rest: Uint8Array = new Uint8Array();

  constructor(wanted: PathFilter) {
    this.#wanted = wanted;
  }

  push(data: Uint8Array): Uint8Array[] {
    const bytes = this.#rest.byteLength === 0 ? data : joined([this.#rest, data]);
    const passed: Uint8Array[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      this.#takeLine(bytes.subarray(from, end + 1), passed);
      from = end + 1;
    }
    this.#rest = bytes.slice(from);
    return passed.length === 0 ? [] : [joined(passed)];
  }

  end(): Uint8Array[] {
    const passed: Uint8Array[] = [];
    if (this.#rest.byteLength > 0) this.#takeLine(this.#rest, passed);
    this.#closeHead(passed);
    this.#rest = new Uint8Array();
    return passed.length === 0 ? [] : [joined(passed)];
  }

  #takeLine(line: Uint8Array, passed: Uint8Array[]): void {
    if (startsWith(line, FILE_START)) {
      this.#closeHead(passed);
      this.#inHead = true;
    } else if (this.#inHead && (startsWith(line, "@@ ") || startsWith(line, "Binary files "))) {
      this.#closeHead(passed);
    }
    if (this.#inHead) this.#head.push(line.slice());
    else if (this.#passes) passed.push(line);
  }

  /** The head is complete: what it names decides over the file. */
  #closeHead(passed: Uint8Array[]): void {
    if (!this.#inHead) return;
    this.#passes = pathsOf(this.#head.map((line) => textOf(line).replace(/\n$/, ""))).some((path) =>
      this.#wanted.has(path),
    );
    if (this.#passes) passed.push(...this.#head);
    this.#head = [];
    this.#inHead = false;
  }
}

/** The paths that the head of a file names, before and after. */
function pathsOf(head: readonly string[]): string[] {
  const named = head.flatMap((line) => {
    const [, path] = /^(?:rename|copy) (?:from|to) (.*)$/.exec(line) ?? [];
    if (path !== undefined) return [unquoted(path)];
    const [, side] = /^(?:---|\+\+\+) (.*?)\t?$/.exec(line) ?? [];
    return side === undefined || side === "/dev/null" ? [] : [unquoted(side).slice("a/".length)];
  });
  if (named.length > 0) return named;
  // Neither renamed nor with lines of its own: the same path stands on both sides.
  const sides = (head[0] ?? "").slice(FILE_START.length);
  const first = sides.slice(0, (sides.length - 1) / 2);
  return [unquoted(first).slice("a/".length)];
}

/** Takes back how git writes unusual paths: in quotes, as in C (git-config(1), core.quotePath). */
function unquoted(path: string): string {
  if (!path.startsWith('"')) return path;
  const bytes: number[] = [];
  const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };
  for (const [, octal, escaped, plain] of path.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (escaped !== undefined) bytes.push(escapes[escaped] ?? escaped.charCodeAt(0));
    else bytes.push(...Buffer.from(plain ?? "", "utf8"));
  }
  return textOf(Uint8Array.from(bytes));
}

function startsWith(line: Uint8Array, text: string): boolean {
  if (line.byteLength < text.length) return false;
  for (let i = 0; i < text.length; i++) if (line[i] !== text.charCodeAt(i)) return false;
  return true;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let filled = 0;
  for (const part of parts) {
    whole.set(part, filled);
    filled += part.byteLength;
  }
  return whole;
}
