import { lstatSync, readdirSync, type Stats } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { GitBackend } from "../backend/backend.ts";
import type { IndexEntry, WorktreeView } from "../backend/worktree-facet.ts";
import type { SessionFile } from "../contract/sessions.ts";
import { compareByteStrings, fromByteString, toByteString } from "../domain/bytes.ts";
import type { GitPath } from "../domain/git-object.ts";
import { modeOf } from "./mode-of.ts";

/** A list is made for about so long before others have their turn, milliseconds. */
const TURN_MS = 5;

/** So many files are looked at before somebody may ask how long it has taken. */
const LOOKS_MAX = 200;

/** Where a list begins, and what it is of. */
export interface Listing {
  readonly view: WorktreeView;
  readonly git: GitBackend;
  /** Does the index have files that the worktree has not? */
  readonly isLazy: boolean;
  /** Folder; the root is empty. */
  readonly folder: GitPath;
  /** Only what comes behind this path. */
  readonly after: GitPath | undefined;
}

/**
 * The files below a folder of a worktree, and those that only the index has, in the order of their paths. Looked at as far as somebody reads on;
 * others have their turns meanwhile. Gives at its end whether there was anything, before or behind where it began.
 */
export async function* listWorktree(
  listing: Listing,
  onDisk: Iterable<SessionFile | undefined>,
): AsyncGenerator<SessionFile | IndexEntry, boolean> {
  const { view, git, isLazy, folder, after } = listing;
  const turns = new Turns();
  const disk = new Paused(onDisk, turns);
  let next = await disk.next();
  let isAny = next !== undefined;
  if (isLazy) {
    for await (const batch of git.worktree.listIndex(view, folder)) {
      if (turns.isOver) await turns.give();
      for (const entry of batch) {
        if (!entry.isLeftOut) continue;
        isAny = true;
        // A submodule is an empty folder here.
        if (entry.type === "commit") continue;
        if (after !== undefined && compareByteStrings(entry.path, after) <= 0) continue;
        for (; next !== undefined && compareByteStrings(next.path, entry.path) < 0; next = await disk.next())
          yield next;
        if (next?.path !== entry.path) yield entry;
      }
    }
  }
  for (; next !== undefined; next = await disk.next()) yield next;
  return isAny;
}

/**
 * The files below a folder of the disk that come behind a path, in the order of their paths; undefined wherever it may pause. What vanishes
 * meanwhile is left out.
 */
export function* walkFolder(
  workTree: string,
  folder: GitPath,
  after: GitPath | undefined,
): Generator<SessionFile | undefined> {
  const place = (path: GitPath) => Buffer.concat([Buffer.from(`${workTree}/`), fromByteString(path)]);
  const found: { readonly path: GitPath; readonly key: GitPath; readonly stats: Stats }[] = [];
  let looks = 0;
  for (const bytes of namesIn(place(folder))) {
    const name = toByteString(bytes);
    const path = folder === "" ? name : `${folder}/${name}`;
    const below = `${path}/`;
    if (path === ".git" || (after !== undefined && after > below && !after.startsWith(below))) continue;
    const stats = lstatSync(place(path), { throwIfNoEntry: false });
    // A folder stands where its files do: behind `a.txt`, though its name is `a`.
    if (stats !== undefined) found.push({ path, key: stats.isDirectory() ? below : path, stats });
    if (++looks % LOOKS_MAX === 0) yield undefined;
  }
  found.sort((a, b) => compareByteStrings(a.key, b.key));
  for (const { path, key, stats } of found) {
    if (stats.isDirectory()) yield* walkFolder(workTree, path, after?.startsWith(key) === true ? after : undefined);
    else if (after === undefined || after < path) yield { path, mode: modeOf(stats), size: stats.size };
  }
}

function namesIn(place: Buffer): Buffer[] {
  try {
    return readdirSync(place, { encoding: "buffer" });
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
}

/** Reads on, and gives others their turns in between. */
class Paused {
  readonly #files: Iterator<SessionFile | undefined>;
  readonly #turns: Turns;

  constructor(files: Iterable<SessionFile | undefined>, turns: Turns) {
    this.#files = files[Symbol.iterator]();
    this.#turns = turns;
  }

  /** The next file; undefined at the end. */
  async next(): Promise<SessionFile | undefined> {
    for (;;) {
      if (this.#turns.isOver) await this.#turns.give();
      const { done, value } = this.#files.next();
      if (done === true || value !== undefined) return value as SessionFile | undefined;
    }
  }
}

class Turns {
  #untilMs = performance.now() + TURN_MS;

  get isOver(): boolean {
    return performance.now() > this.#untilMs;
  }

  async give(): Promise<void> {
    await setImmediate();
    this.#untilMs = performance.now() + TURN_MS;
  }
}
