import { readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { flush, writeFlushed } from "../backend/flush.ts";
import { fromByteString } from "../domain/bytes.ts";
import type { GitPath } from "../domain/git-object.ts";

/**
 * Which files of a lazy worktree are there (git-sparse-checkout(1), "non-cone"): without it git would refuse to work with a file that was written,
 * and leave it behind when HEAD moves.
 */
export class SparsePatterns {
  readonly #file: string;
  readonly #temporaryDir: string;

  constructor(gitDir: string, temporaryDir: string) {
    this.#file = join(gitDir, "info/sparse-checkout");
    this.#temporaryDir = temporaryDir;
  }

  /** Adds files, durably. */
  async add(paths: readonly GitPath[]): Promise<void> {
    const before = readFileSync(this.#file, "latin1");
    const known = new Set(before.split("\n"));
    const added = [...new Set(paths.map(patternOf))].filter((pattern) => !known.has(pattern));
    if (added.length === 0) return;
    const written = join(this.#temporaryDir, "sparse-checkout");
    rmSync(written, { force: true });
    await writeFlushed(written, fromByteString(`${before}${added.map((pattern) => `${pattern}\n`).join("")}`));
    renameSync(written, this.#file);
    await flush(dirname(this.#file));
  }
}

/** A pattern for one path (gitignore(5)); a line feed cannot be written, so that any character stands for it. */
function patternOf(path: GitPath): string {
  return `/${path.replace(/[\\*?[\] ]/g, "\\$&").replaceAll("\n", "?")}`;
}
