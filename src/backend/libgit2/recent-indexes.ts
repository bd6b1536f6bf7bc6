import type { BigIntStats } from "node:fs";

/** Indexes whose content is kept in memory; one of 15,000 files takes some 2 MiB. */
const CONTENTS_MAX = 8;
/** Worktrees whose index is one of these: those that began at one commit share it until they differ. */
const WORKTREES_MAX = 512;

/** An index that was read or written. */
interface RecentIndex {
  readonly stamp: string;
  /** The same object for indexes of the same bytes. */
  readonly content: object;
}

/** Remembers the indexes that were used last, by git directory. */
export class RecentIndexes<Index extends RecentIndex> {
  readonly #indexes = new Map<string, Index>();

  /** The index of a git directory, if that is still the file that it was. */
  find(gitDir: string, stamp: string): Index | undefined {
    const index = this.#indexes.get(gitDir);
    if (index?.stamp !== stamp) return undefined;
    this.#indexes.delete(gitDir);
    this.#indexes.set(gitDir, index);
    return index;
  }

  /** One that is the same, of any worktree; each content is compared once. */
  twin(isSame: (index: Index) => boolean): Index | undefined {
    const contents = new Map([...this.#indexes.values()].map((index) => [index.content, index]));
    return [...contents.values()].find(isSame);
  }

  keep(gitDir: string, index: Index): void {
    this.#indexes.delete(gitDir);
    this.#indexes.set(gitDir, index);
    for (const oldest of this.#indexes.keys()) {
      const contents = new Set([...this.#indexes.values()].map(({ content }) => content));
      if (this.#indexes.size <= WORKTREES_MAX && contents.size <= CONTENTS_MAX) return;
      this.#indexes.delete(oldest);
    }
  }

  forget(gitDir: string): void {
    this.#indexes.delete(gitDir);
  }
}

/** A text that is another when the file is another: git never writes into one, it puts another in its place. */
export function stampOf({
  ino,
  size,
  mtimeNs,
  ctimeNs,
}: Pick<BigIntStats, "ino" | "size" | "mtimeNs" | "ctimeNs">): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
