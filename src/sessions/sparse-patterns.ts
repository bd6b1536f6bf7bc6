import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
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
    const before = await readFile(this.#file, "latin1");
    const known = new Set(before.split("\n"));
    const added = [...new Set(paths.map(patternOf))].filter((pattern) => !known.has(pattern));
    if (added.length === 0) return;
    const written = join(this.#temporaryDir, "sparse-checkout");
    await rm(written, { force: true });
    const handle = await open(written, "wx", 0o600);
    try {
      await handle.writeFile(fromByteString(`${before}${added.map((pattern) => `${pattern}\n`).join("")}`));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(written, this.#file);
  }
}

/** A pattern for one path (gitignore(5)); a line feed cannot be written, so that any character stands for it. */
function patternOf(path: GitPath): string {
  return `/${path.replace(/[\\*?[\] ]/g, "\\$&").replaceAll("\n", "?")}`;
}
