import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync, rmSync } from "node:fs";
import { runGit } from "../git-reference.ts";

/** What the repository of large answers holds. */
export const LARGE = {
  blobBytes: 100_000_000,
  treeEntries: 20_000,
  diffFiles: 500,
  diffFileBytes: 100_000,
} as const;

const PERSON = "Jane Doe <jane@example.com> 1700000000 +0000";
const LINE_BYTES = 100;

/**
 * Makes the repository at a path unless it is there: `blob/large.bin`, `many/…` and, from `main~1` to `main`, files of
 * text that are new. `small/` has as little of each, to get warm with.
 */
export async function makeLargeFixture(path: string): Promise<void> {
  if (existsSync(path)) return;
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const made = Bun.spawnSync(["git", "init", "--quiet", "--bare", "--initial-branch=main", unfinished]);
  if (!made.success) throw new Error(made.stderr.toString());
  const child = spawn("git", ["-C", unfinished, "fast-import", "--quiet", "--done"], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  for (const piece of importStream()) {
    if (!child.stdin.write(piece)) await once(child.stdin, "drain");
  }
  child.stdin.end("done\n");
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
  runGit(unfinished, ["commit-graph", "write", "--reachable"]);
  renameSync(unfinished, path);
}

function* importStream(): Generator<string | Buffer> {
  yield `blob\nmark :1\n${data("x\n")}\nblob\nmark :2\ndata ${LARGE.blobBytes}\n`;
  yield* noise(LARGE.blobBytes);
  yield `\n${commit("Large things")}M 100644 :2 blob/large.bin\nM 100644 :1 small/blob.bin\nM 100644 :1 small/tree/a\n`;
  for (let n = 0; n < LARGE.treeEntries; n++) yield `M 100644 :1 many/entry-${String(n).padStart(6, "0")}.txt\n`;
  yield commit("A small change");
  yield `M 100644 inline small/text.txt\n${data("text\n")}\n`;
  yield commit("A large change");
  for (let n = 0; n < LARGE.diffFiles; n++) yield `M 100644 inline text/file-${n}.txt\n${data(textOf(n))}\n`;
}

const data = (text: string): string => `data ${text.length}\n${text}`;
const commit = (message: string): string => `commit refs/heads/main\ncommitter ${PERSON}\n${data(message)}\n`;

/** Lines that are all different. */
function textOf(file: number): string {
  const lines = LARGE.diffFileBytes / LINE_BYTES;
  return Array.from(
    { length: lines },
    (_, line) => `${`file ${file} line ${line} `.padEnd(LINE_BYTES - 1, "=")}\n`,
  ).join("");
}

/** Bytes that do not compress, the same ones each time (xorshift32). */
function* noise(bytes: number): Generator<Buffer> {
  let state = 2_463_534_242;
  for (let left = bytes; left > 0;) {
    const words = new Uint32Array(Math.min(262_144, Math.ceil(left / 4)));
    for (let at = 0; at < words.length; at++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[at] = state;
    }
    const piece = Buffer.from(words.buffer).subarray(0, left);
    left -= piece.length;
    yield piece;
  }
}
