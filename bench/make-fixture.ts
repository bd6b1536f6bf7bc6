import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { once } from "node:events";

/** What a generated repository is made of. The same values give the same object ids on every machine. */
export interface FixtureSize {
  readonly commits: number;
  readonly files: number;
  readonly references: number;
}

const DEPTH = 5;
const LINES = 60;
const FIRST_SECOND = 1_600_000_000;
const FILES_PER_COMMIT = 3;

/** Makes the repository at a path unless it is there: history of edits that delta well, packed, with a commit-graph. */
export async function makeFixture(path: string, size: FixtureSize): Promise<void> {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  await git(["init", "--quiet", "--bare", "--initial-branch=main", unfinished]);
  await importHistory(unfinished, size);
  await git(["-C", unfinished, "repack", "-a", "-d", "-q", "--window=10", "--depth=20"]);
  await git(["-C", unfinished, "pack-refs", "--all"]);
  await git(["-C", unfinished, "commit-graph", "write", "--reachable"]);
  renameSync(unfinished, path);
}

/** The path of the n-th file: five levels deep, about two dozen entries in a directory. */
export function pathOf(index: number): string {
  const digits = index.toString(8).padStart(DEPTH, "0");
  const directories = Array.from(digits.slice(0, DEPTH - 1), (digit, level) => `dir${level}-${digit}`);
  return `${directories.join("/")}/file-${index}.txt`;
}

/** The content of a file after a number of edits: each edit changes one line. */
function contentOf(index: number, edits: number): string {
  const lines: string[] = [];
  for (let line = 0; line < LINES; line++) {
    const edit = Math.floor((edits + LINES - 1 - line) / LINES);
    lines.push(`file ${index} line ${line} edit ${edit} ${word(index * LINES + line)} ${word(line * 31 + edit)}\n`);
  }
  return lines.join("");
}

const words = Array.from({ length: 512 }, (_, i) =>
  createHash("sha1")
    .update(String(i))
    .digest("hex")
    .slice(0, 4 + (i % 9)),
);
const word = (n: number): string => words[n % words.length]!;

async function importHistory(gitDir: string, size: FixtureSize): Promise<void> {
  const child = spawn("git", ["-C", gitDir, "fast-import", "--quiet", "--done"], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  const write = async (text: string) => {
    if (!child.stdin.write(text)) await once(child.stdin, "drain");
  };
  const edits = new Uint32Array(size.files);
  for (let n = 0; n < size.commits; n++) {
    const parts = [commitHeader(n)];
    const touched = n === 0 ? range(0, size.files) : touchedBy(n, size.files);
    for (const index of touched) {
      if (n > 0) edits[index]!++;
      const content = contentOf(index, edits[index]!);
      parts.push(`M 100644 inline ${pathOf(index)}\ndata ${content.length}\n${content}\n`);
    }
    await write(parts.join(""));
  }
  for (let n = 0; n < size.references; n++) await write(referenceLine(n, size.commits));
  child.stdin.end("done\n");
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
}

function commitHeader(n: number): string {
  const person = `Author ${n % 40} <author${n % 40}@example.com> ${FIRST_SECOND + n * 600} +0000`;
  const message = `Change number ${n}\n\nEdits ${FILES_PER_COMMIT} files.\n`;
  const merge = n > 0 && n % 20 === 0 ? `merge :${Math.max(1, n - 10)}\n` : "";
  return `commit refs/heads/main\nmark :${n + 1}\nauthor ${person}\ncommitter ${person}\ndata ${message.length}\n${message}${merge}`;
}

function referenceLine(n: number, commits: number): string {
  const kind = n % 4 === 0 ? "refs/tags/v" : "refs/heads/topic-";
  return `reset ${kind}${n}\nfrom :${1 + ((n * 7919) % commits)}\n\n`;
}

/** Neighbouring files, somewhere else each time. */
function touchedBy(n: number, files: number): number[] {
  const start = (n * 104_729) % files;
  return range(0, FILES_PER_COMMIT).map((i) => (start + i * 5) % files);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function git(args: readonly string[]): Promise<void> {
  const child = spawn("git", args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}`);
}
