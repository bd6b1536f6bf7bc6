import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { flush } from "../backend/flush.ts";
import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { Oid } from "../domain/oid.ts";

/** Indexes that are kept, the one used longest ago goes first. */
const KEPT_MAX = 32;

/** Indexes of lazy worktrees: they tell nothing of files, so that one commit's is like another session's of the same commit. */
export class LazyIndexes {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Begins anew: nothing of an earlier version of the program is used. */
  async clear(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  /** Gives a session the index of a commit: a copy, or what `fill` makes. */
  async fill(view: WorktreeView, commit: Oid, fill: () => Promise<void>): Promise<void> {
    const kept = join(this.#directory, commit);
    const index = join(view.gitDir, "index");
    if (await copied(kept, index)) {
      const now = new Date();
      await utimes(kept, now, now).catch(() => undefined);
      await flush(index);
      await flush(view.gitDir);
      return;
    }
    await fill();
    const written = `${kept}.${view.gitDir.split("/").at(-2)}`;
    if (!(await copied(index, written))) return;
    await rename(written, kept);
    await this.#forgetOldest();
  }

  async #forgetOldest(): Promise<void> {
    const names = await readdir(this.#directory);
    if (names.length <= KEPT_MAX) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, usedAtMs: (await stat(join(this.#directory, name))).mtimeMs })),
    );
    aged.sort((a, b) => b.usedAtMs - a.usedAtMs);
    for (const { name } of aged.slice(KEPT_MAX)) await rm(join(this.#directory, name), { force: true });
  }
}

/** Was there something to copy? */
async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
}
