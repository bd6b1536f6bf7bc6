import type { ByteString } from "./bytes.ts";
import type { GitPath } from "./git-object.ts";
import { unquotePath } from "./quote-path.ts";

/** What a patch does to one file. */
export interface PatchSection {
  /** The paths before and after, each once; one for most files, two for renames and copies. */
  readonly paths: readonly GitPath[];
  readonly hunks: readonly PatchHunk[];
  /** Where its text begins and ends in the patch, bytes. */
  readonly start: number;
  readonly end: number;
}

export interface PatchHunk {
  /** First line that it takes from the old file. */
  readonly oldStart: number;
  readonly text: ByteString;
}

/** Thrown for a text that is no patch. */
export class NoPatch extends Error {}

/**
 * Reads the text of a patch, as `git diff` and diff(1) print it (git-apply(1), `-p1`). What stands before and between files is passed over, as
 * git does. Throws `NoPatch` for a text without files, a hunk without its lines, and a file without a name.
 */
export function readPatch(patch: ByteString): PatchSection[] {
  return new PatchReader(patch).read();
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

class PatchReader {
  readonly #text: ByteString;
  #at = 0;
  #line = 0;

  constructor(text: ByteString) {
    this.#text = text;
  }

  read(): PatchSection[] {
    const sections: PatchSection[] = [];
    while (this.#at < this.#text.length) {
      const line = this.#peek();
      if (line.startsWith("diff --git ")) sections.push(this.#section());
      else if (line.startsWith("--- ") && this.#peekSecond().startsWith("+++ ")) sections.push(this.#section());
      else if (HUNK.test(line)) throw new NoPatch(`line ${this.#line + 1}: a hunk of no file`);
      else this.#skip();
    }
    if (sections.length === 0) throw new NoPatch("there is no file in it");
    return sections;
  }

  #section(): PatchSection {
    const start = this.#at;
    const names = this.#names();
    const hunks: PatchHunk[] = [];
    while (this.#at < this.#text.length) {
      const line = this.#peek();
      if (HUNK.test(line)) hunks.push(this.#hunk());
      else if (line.startsWith("\\ ") || line === "GIT binary patch") this.#skip();
      else if (/^(?:literal|delta) \d+$/.test(line)) this.#skipBinary();
      else if (line.startsWith("Binary files ")) throw new NoPatch(`line ${this.#line + 1}: the contents are missing`);
      else break;
    }
    if (names.size === 0) throw new NoPatch(`line ${this.#line}: a file without a name`);
    return { paths: [...names], hunks, start, end: this.#at };
  }

  /** The names that the header of a file says; those of its first line only where nothing else says any. */
  #names(): Set<GitPath> {
    const first = this.#peek();
    const isGit = first.startsWith("diff --git ");
    if (isGit) this.#skip();
    const names = new Set<GitPath>();
    const add = (name: GitPath | undefined) => name !== undefined && names.add(name);
    while (this.#at < this.#text.length) {
      const line = this.#peek();
      const [, moved] = /^(?:rename|copy) (?:from|to) (.*)$/s.exec(line) ?? [];
      const [, side] = /^(?:---|\+\+\+) (.*)$/s.exec(line) ?? [];
      if (moved !== undefined && isGit) add(nameOf(moved));
      else if (side !== undefined) add(sideOf(side));
      else if (
        !isGit ||
        !/^(?:old mode|new mode|deleted file mode|new file mode|similarity|dissimilarity|index) /.test(line)
      )
        break;
      this.#skip();
      if (line.startsWith("+++ ")) break;
    }
    if (isGit && names.size === 0) add(nameOfBoth(first.slice("diff --git ".length)));
    return names;
  }

  #hunk(): PatchHunk {
    const start = this.#at;
    const [, oldStart, oldLines = "1", , newLines = "1"] = HUNK.exec(this.#peek())!;
    const from = this.#line + 1;
    this.#skip();
    let [old, fresh] = [Number(oldLines), Number(newLines)];
    while (old > 0 || fresh > 0) {
      if (this.#at >= this.#text.length) throw new NoPatch(`line ${from}: the hunk is cut off`);
      const sign = this.#text[this.#at]!;
      if (sign === " " || sign === "\n") [old, fresh] = [old - 1, fresh - 1];
      else if (sign === "-") old--;
      else if (sign === "+") fresh--;
      else if (sign !== "\\") throw new NoPatch(`line ${this.#line + 1}: no line of a hunk`);
      this.#skip();
    }
    if (old < 0 || fresh < 0) throw new NoPatch(`line ${from}: the hunk has not the lines that it says`);
    while (this.#text[this.#at] === "\\") this.#skip();
    return { oldStart: Number(oldStart), text: this.#text.slice(start, this.#at) };
  }

  /** Lines of base 85, and the empty one behind them. */
  #skipBinary(): void {
    do this.#skip();
    while (/^[A-Za-z][^ ]+$/.test(this.#peek()));
    if (this.#peek() === "") this.#skip();
  }

  #peek(): ByteString {
    const end = this.#text.indexOf("\n", this.#at);
    return this.#text.slice(this.#at, end < 0 ? undefined : end);
  }

  #peekSecond(): ByteString {
    const end = this.#text.indexOf("\n", this.#at);
    if (end < 0) return "";
    const second = this.#text.indexOf("\n", end + 1);
    return this.#text.slice(end + 1, second < 0 ? undefined : second);
  }

  #skip(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
    this.#line++;
  }
}

const nameOf = (text: ByteString): GitPath => unquotePath(text) ?? text;

/** A name behind `---` or `+++`: up to a tab, behind which is a time, and without its first folder. */
function sideOf(text: ByteString): GitPath | undefined {
  const name = text.startsWith('"') ? nameOf(text) : text.split("\t")[0]!.replace(/\r$/, "");
  return name === "/dev/null" ? undefined : stripped(name);
}

/** Two quoted paths of git's longest are shorter; what is longer would take long to split. */
const NAMES_LENGTH_MAX = 40_000;

/** The name that both sides of a first line have; undefined where they are not the same. */
function nameOfBoth(text: ByteString): GitPath | undefined {
  if (text.length > NAMES_LENGTH_MAX) return undefined;
  const quoted = /^("(?:[^"\\]|\\.)*") (.*)$/s.exec(text);
  if (quoted !== null) {
    const [old, fresh] = [stripped(nameOf(quoted[1]!)), stripped(nameOf(quoted[2]!))];
    return old === fresh ? old : undefined;
  }
  for (let at = text.indexOf(" "); at >= 0; at = text.indexOf(" ", at + 1)) {
    const old = stripped(text.slice(0, at));
    if (old === stripped(nameOf(text.slice(at + 1)))) return old;
  }
  return undefined;
}

/** Without its first folder; a name that has none stays, for git to refuse. */
const stripped = (name: GitPath): GitPath => name.slice(name.indexOf("/") + 1);
