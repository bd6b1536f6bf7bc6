/** Random numbers from a seed (mulberry32): the same seed gives the same run. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * limit);
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

/** A file, link or submodule; content and gitlink id are byte strings. */
export interface GeneratedFile {
  readonly mode: "100644" | "100755" | "120000" | "160000";
  readonly content: string;
}

/** Files by path, one character a byte. */
export type GeneratedTree = ReadonlyMap<string, GeneratedFile>;

const NAMES = [
  "a",
  "b",
  "ab",
  "a-b",
  "a.c",
  "a0",
  "lib",
  "src",
  "x.c",
  "Makefile",
  "sp ace",
  'quo"te',
  "ta\tb",
  "new\nline",
  "caf\xc3\xa9",
  "\xff\xfe",
  "back\\slash",
  "\x01\x7f",
  "_",
];

const LINES = [
  "",
  "",
  "{",
  "}",
  "\treturn 0;",
  "\tif (a)",
  "    if (b) {",
  "    }",
  "        call();",
  "int main(void)",
  "static long compute(int value)",
  "$script = 1",
  "_private",
  "  indented text",
  "/* comment */",
  "# heading",
  "end",
  "\f",
  "caf\xe9 is latin",
  "na\xc3\xafve utf-8   ",
  "x",
  "function with a very long heading that goes on and on until it must be cut somewhere \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
  "another long heading whose multi-byte characters stand right at the eightieth b\xc3\xa9\xc3\xa9\xc3\xa9",
  "trailing space ",
  "\r",
  "word word",
];

function lines(dice: Dice, count: number): string[] {
  const vocabulary = dice.chance(0.4) ? LINES.slice(0, 2 + dice.below(6)) : LINES;
  const numbered = dice.chance(0.4);
  return Array.from(
    { length: count },
    () => dice.pick(vocabulary) + (numbered && dice.chance(0.6) ? String(dice.below(count)) : ""),
  );
}

function join(dice: Dice, parts: readonly string[]): string {
  const newline = dice.chance(0.1) ? "\r\n" : "\n";
  return parts.join(newline) + (dice.chance(0.8) ? newline : "");
}

function content(dice: Dice): string {
  const kind = dice.below(100);
  if (kind < 6) return "";
  if (kind < 12) return `${join(dice, lines(dice, dice.below(20)))}\0${dice.below(1000)}`;
  if (kind < 14) return `${"0123456789abcde\n".repeat(500)}\0${dice.below(1000)}\n`;
  if (kind < 18) return join(dice, lines(dice, 500 + dice.below(1500)));
  return join(dice, lines(dice, 1 + dice.below(60)));
}

/** Changes a text here and there: runs of lines go, come, are repeated or move. */
function edited(dice: Dice, text: string): string {
  const parts = text.split("\n");
  for (let edits = 1 + dice.below(4); edits > 0; edits--) {
    const at = dice.below(parts.length + 1);
    const length = Math.min(dice.below(dice.chance(0.2) ? 30 : 5), parts.length - at);
    const kind = dice.below(5);
    if (kind === 0) parts.splice(at, length);
    else if (kind === 1) parts.splice(at, 0, ...lines(dice, 1 + dice.below(5)));
    else if (kind === 2) parts.splice(at, length, ...lines(dice, 1 + dice.below(5)));
    else if (kind === 3) parts.splice(at, 0, ...parts.slice(at, at + length));
    else parts.splice(dice.below(parts.length + 1), 0, ...parts.splice(at, length));
  }
  return parts.join("\n");
}

function file(dice: Dice): GeneratedFile {
  const kind = dice.below(20);
  if (kind === 0) return { mode: "160000", content: String(1 + dice.below(9)).repeat(40) };
  if (kind === 1) return { mode: "120000", content: `../${dice.pick(NAMES).replaceAll("\n", "")}` };
  return { mode: kind < 4 ? "100755" : "100644", content: content(dice) };
}

function freshPath(dice: Dice, tree: GeneratedTree): string | undefined {
  const path = Array.from({ length: 1 + dice.below(4) }, () => dice.pick(NAMES)).join("/");
  return collides(tree, path) ? undefined : path;
}

/** Is the path taken, or a directory, or below a file? */
function collides(tree: GeneratedTree, path: string): boolean {
  return [...tree.keys()].some(
    (other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`),
  );
}

/** A tree of some files. */
export function generateTree(dice: Dice): GeneratedTree {
  const tree = new Map<string, GeneratedFile>();
  for (let files = 1 + dice.below(14); files > 0; files--) {
    const path = freshPath(dice, tree);
    if (path !== undefined) tree.set(path, file(dice));
  }
  return tree;
}

export type ChangeKind =
  | "edit"
  | "replace"
  | "add"
  | "copy"
  | "delete"
  | "mode"
  | "type"
  | "rename"
  | "renameDirectory"
  | "deleteDirectory"
  | "fileToDirectory"
  | "directoryToFile";

const CHANGES: Readonly<
  Record<ChangeKind, (dice: Dice, tree: Map<string, GeneratedFile>, path: string, old: GeneratedFile) => void>
> = {
  edit(dice, tree, path, old) {
    if (old.mode !== "160000") tree.set(path, { ...old, content: edited(dice, old.content) });
    else tree.set(path, { ...old, content: "abcdef0123".repeat(4) });
  },
  replace(dice, tree, path, old) {
    if (old.mode === "100644" || old.mode === "100755") tree.set(path, { ...old, content: content(dice) });
  },
  add(dice, tree) {
    const fresh = freshPath(dice, tree);
    if (fresh !== undefined) tree.set(fresh, file(dice));
  },
  copy(dice, tree, _path, old) {
    const fresh = freshPath(dice, tree);
    if (fresh !== undefined)
      tree.set(fresh, dice.chance(0.5) || old.mode === "160000" ? old : { ...old, content: edited(dice, old.content) });
  },
  delete(_dice, tree, path) {
    tree.delete(path);
  },
  mode(_dice, tree, path, old) {
    if (old.mode === "100644") tree.set(path, { ...old, mode: "100755" });
    else if (old.mode === "100755") tree.set(path, { ...old, mode: "100644" });
  },
  type(dice, tree, path, old) {
    if (old.mode === "160000") tree.set(path, { mode: "100644", content: content(dice) });
    else
      tree.set(
        path,
        dice.pick([
          { mode: "160000", content: "7".repeat(40) },
          { mode: "120000", content: dice.chance(0.5) ? old.content : "target" },
        ] as const),
      );
  },
  rename(dice, tree, path, old) {
    tree.delete(path);
    const fresh = freshPath(dice, tree);
    if (fresh !== undefined)
      tree.set(fresh, dice.chance(0.5) || old.mode === "160000" ? old : { ...old, content: edited(dice, old.content) });
  },
  renameDirectory(dice, tree, path) {
    const directory = path.slice(0, path.indexOf("/") + 1);
    const target = freshPath(dice, tree);
    if (directory === "" || target === undefined || target.startsWith(directory)) return;
    for (const [below, entry] of [...tree].filter(([other]) => other.startsWith(directory))) {
      tree.delete(below);
      tree.set(`${target}/${below.slice(directory.length)}`, entry);
    }
  },
  deleteDirectory(_dice, tree, path) {
    const directory = path.slice(0, path.lastIndexOf("/") + 1);
    for (const below of Array.from(tree.keys()))
      if (directory !== "" && below.startsWith(directory)) tree.delete(below);
  },
  fileToDirectory(dice, tree, path, old) {
    tree.delete(path);
    tree.set(`${path}/${dice.pick(NAMES)}`, dice.chance(0.5) ? old : file(dice));
  },
  directoryToFile(dice, tree, path, old) {
    const directory = path.slice(0, path.lastIndexOf("/") + 1);
    if (directory === "") return;
    for (const below of Array.from(tree.keys())) if (below.startsWith(directory)) tree.delete(below);
    tree.set(directory.slice(0, -1), dice.chance(0.5) ? old : file(dice));
  },
};

const ALL_KINDS = Object.keys(CHANGES) as ChangeKind[];
const MODEST: readonly ChangeKind[] = ["edit", "edit", "edit", "edit", "replace", "mode", "type"];
/** What a run of changes draws from: most real changes have no renames in them. */
const MIXES: readonly (readonly ChangeKind[])[] = [
  MODEST,
  [...MODEST, "add", "copy"],
  [...MODEST, "add", "add", "copy"],
  [...MODEST, "delete", "deleteDirectory"],
  ALL_KINDS,
  [...MODEST, "rename", "renameDirectory", "add"],
];

/** The tree after some changes. `paths`, when given, keeps the changes of existing files to those. */
export function changeTree(dice: Dice, tree: GeneratedTree, paths?: (path: string) => boolean): GeneratedTree {
  const changed = new Map(tree);
  const mix = dice.pick(MIXES);
  for (let changes = 1 + dice.below(5); changes > 0; changes--) {
    const candidates = [...changed].filter(([path]) => paths === undefined || paths(path));
    const kind = candidates.length === 0 ? "add" : dice.pick(mix);
    const [path, old] =
      candidates.length === 0 ? ["", { mode: "100644", content: "" } as const] : dice.pick(candidates);
    CHANGES[kind](dice, changed, path, old);
  }
  return changed;
}

function quoted(path: string): string {
  return `"${path.replace(/[^ !#-[\]-~]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}

/** Collects commits as input for `git fast-import`; each content is written once. Marks count from 1. */
export class ImportStream {
  readonly #parts: string[] = [];
  readonly #blobs = new Map<string, number>();
  #marks = 0;

  #blob(content: string): number {
    const known = this.#blobs.get(content);
    if (known !== undefined) return known;
    const mark = ++this.#marks;
    this.#blobs.set(content, mark);
    this.#parts.push(`blob\nmark :${mark}\ndata ${content.length}\n${content}\n`);
    return mark;
  }

  /** Adds a commit, which no reference keeps; answers its mark. */
  commit(tree: GeneratedTree, parents: readonly number[] = []): number {
    const files = [...tree].map(([path, entry]) =>
      entry.mode === "160000"
        ? `M 160000 ${entry.content} ${quoted(path)}\n`
        : `M ${entry.mode} :${this.#blob(entry.content)} ${quoted(path)}\n`,
    );
    const mark = ++this.#marks;
    const from = parents.map((parent, index) => `${index === 0 ? "from" : "merge"} :${parent}\n`).join("");
    this.#parts.push(
      `reset refs/heads/last\ncommit refs/heads/last\nmark :${mark}\ncommitter Jane Doe <jane@example.com> ${1_700_000_000 + mark} +0000\ndata 0\n${from}deleteall\n`,
      ...files,
    );
    return mark;
  }

  /** The whole stream. */
  bytes(): Uint8Array {
    return Buffer.from(`${this.#parts.join("")}done\n`, "latin1");
  }
}
