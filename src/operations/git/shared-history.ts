import type { Oid } from "../../domain/oid.ts";
import type { HistoryReader } from "./history-reader.ts";

/** Commits that are looked at before the answer is "not yet", which is never wrong: the client then goes on to tell what it has. */
const COMMITS_MAX = 100_000;
const BATCH_MAX = 256;

interface Visited {
  /** Visited commits that have this one as parent. */
  readonly children: Oid[];
  /** Does it reach something that the client has? */
  reaches: boolean;
}

/**
 * What client and server have in common, as far as the client has told. Answers whether enough is known to make a pack: every want
 * reaches something that the client has. What was walked once is not walked again in later rounds.
 */
export class SharedHistory {
  readonly #reader: HistoryReader;
  /** What the client has: what it named, and the parents of that. */
  readonly #had = new Set<Oid>();
  /** What the client named and is here, without what was known from its children. */
  readonly haves: Oid[] = [];
  readonly #visited = new Map<Oid, Visited>();
  /** Commits to be read next, and those that are older than all that the client has. */
  #frontier: Oid[] = [];
  #older: Oid[] = [];
  #oldestSeconds = Number.POSITIVE_INFINITY;
  #unreached: Oid[] | undefined;

  constructor(reader: HistoryReader) {
    this.#reader = reader;
  }

  /** Takes what the client has; says for each whether it is here. */
  async add(oids: readonly Oid[]): Promise<boolean[]> {
    const types = await this.#reader.types(oids);
    const commits = oids.filter((_, index) => types[index] === "commit");
    const links = new Map((await this.#reader.commits(commits)).map((link, index) => [commits[index]!, link]));
    for (const [index, oid] of oids.entries()) {
      if (types[index] === undefined) continue;
      const link = links.get(oid);
      if (link !== undefined) {
        this.#lowerOldest(link.seconds);
        for (const parent of link.parents) this.#has(parent);
      }
      if (this.#has(oid)) this.haves.push(oid);
    }
    return types.map((type) => type !== undefined);
  }

  /** May the pack be made? `wants` must be the same in every round. */
  async isReady(wants: readonly Oid[]): Promise<boolean> {
    if (this.haves.length === 0) return false;
    if (this.#unreached === undefined) {
      this.#unreached = await this.#reader.peelToCommits(wants);
      for (const want of this.#unreached) this.#visit(want);
    }
    for (;;) {
      this.#unreached = this.#unreached.filter((want) => !this.#visited.get(want)!.reaches);
      if (this.#unreached.length === 0) return true;
      if (this.#frontier.length === 0 || this.#visited.size > COMMITS_MAX) return false;
      await this.#readFrontier();
    }
  }

  /** Remembers that the client has it; false when that was known. */
  #has(oid: Oid): boolean {
    if (this.#had.has(oid)) return false;
    this.#had.add(oid);
    this.#reach(oid);
    return true;
  }

  #lowerOldest(seconds: number): void {
    if (seconds >= this.#oldestSeconds) return;
    this.#oldestSeconds = seconds;
    // What was older than everything may now be young enough.
    const older = this.#older;
    this.#older = [];
    for (const oid of older) this.#frontier.push(oid);
  }

  #visit(oid: Oid): Visited {
    let commit = this.#visited.get(oid);
    if (commit === undefined) {
      commit = { children: [], reaches: this.#had.has(oid) };
      this.#visited.set(oid, commit);
      if (!commit.reaches) this.#frontier.push(oid);
    }
    return commit;
  }

  async #readFrontier(): Promise<void> {
    const batch = this.#frontier.splice(0, BATCH_MAX).filter((oid) => !this.#visited.get(oid)!.reaches);
    const links = await this.#reader.commits(batch);
    for (const [index, oid] of batch.entries()) {
      const link = links[index];
      if (link === undefined) continue;
      if (link.seconds < this.#oldestSeconds) {
        this.#older.push(oid);
        continue;
      }
      for (const parent of link.parents) {
        const commit = this.#visit(parent);
        commit.children.push(oid);
        if (commit.reaches) this.#reach(oid);
      }
    }
  }

  /** Marks a commit and all visited ones that lead to it. */
  #reach(from: Oid): void {
    const next = [from];
    for (let oid = next.pop(); oid !== undefined; oid = next.pop()) {
      const commit = this.#visited.get(oid);
      if (commit === undefined || (commit.reaches && oid !== from)) continue;
      commit.reaches = true;
      for (const child of commit.children) if (this.#visited.get(child)?.reaches === false) next.push(child);
    }
  }
}
