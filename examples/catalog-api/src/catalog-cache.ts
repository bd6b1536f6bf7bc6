import { type GitAdapter, GitError, watchRepository } from "@holdfast/client";
import { concerns, followedCommit } from "./followed-commit.ts";
import { type Catalog, readCatalog } from "./read-catalog.ts";
import type { Settings } from "./settings.ts";

/** The catalog as the API answers from it. */
export interface CachedCatalog extends Catalog {
  /** The branch or tag that it was read from; null while the repository has none. */
  readonly name: string | null;
  readonly loadedAt: Date;
  /** How many times the cache has changed. */
  readonly version: number;
}

const EMPTY: CachedCatalog = {
  commitId: "",
  name: null,
  products: new Map(),
  problems: [],
  files: new Map(),
  loadedAt: new Date(0),
  version: 0,
};

const RETRY_MS = 200;
const CAUGHT_UP_MAX_MS = 1_000;

/** Holds the products in memory and reads them anew as soon as the repository says that they have changed. */
export class CatalogCache {
  readonly #git: GitAdapter;
  readonly #settings: Settings;
  readonly #log: (line: string) => void;
  readonly #listeners = new Set<(catalog: CachedCatalog) => void>();
  #current = EMPTY;
  /** The last reading, and the one that begins when it has ended. */
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(git: GitAdapter, settings: Settings, log: (line: string) => void) {
    this.#git = git;
    this.#settings = settings;
    this.#log = log;
  }

  get current(): CachedCatalog {
    return this.#current;
  }

  /**
   * Follows the repository until the signal fires: `onLoaded` is told when the first state is there. Throws what no waiting mends, such
   * as a repository that is gone.
   */
  async follow(signal: AbortSignal, onLoaded: () => void): Promise<void> {
    const { repo, followed, holdfastUrl, holdfastToken } = this.#settings;
    const watch = watchRepository(repo, {
      url: holdfastUrl,
      ...(holdfastToken !== undefined && { token: holdfastToken }),
      signal,
      onDisconnected: ({ error, retryInMs }) =>
        this.#log(`no events: ${error.message}; next attempt in ${retryInMs} ms`),
    });
    // What happens from now on is told; so what is read now misses nothing.
    await watch.ready;
    await this.#reload();
    onLoaded();
    for await (const event of watch) {
      if (event.event === "repository_deleted") throw new Error(`the repository is gone: ${event.repo}`);
      if (concerns(event, followed)) await this.#reload();
    }
  }

  /** The catalog as it is, and each later state; ends with the signal. */
  async *states(signal: AbortSignal): AsyncGenerator<CachedCatalog> {
    // Only the newest waits: who is slow skips what is old.
    let next: CachedCatalog | undefined = this.#current;
    let wake = () => {};
    const listener = (catalog: CachedCatalog) => {
      next = catalog;
      wake();
    };
    const stop = () => wake();
    this.#listeners.add(listener);
    signal.addEventListener("abort", stop);
    try {
      while (!signal.aborted) {
        const catalog: CachedCatalog | undefined = next;
        next = undefined;
        if (catalog === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield catalog;
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener("abort", stop);
    }
  }

  /**
   * Resolves when the cache has what is followed now, or later: what a caller has just changed is in the answer to his next question.
   * Gives up after a while without a word: the change stands, and its event will come.
   */
  async caughtUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CAUGHT_UP_MAX_MS)));
    await Promise.race([this.#refresh().catch(() => {}), late]);
    clearTimeout(timer);
  }

  /** Reads what is followed from now on: a reading that has begun may be too early, one that waits its turn will do. */
  #refresh(): Promise<void> {
    this.#queued ??= this.#loadNext();
    return this.#queued;
  }

  async #loadNext(): Promise<void> {
    await this.#running.catch(() => {});
    this.#queued = undefined;
    this.#running = this.#load();
    await this.#running;
  }

  /** Reads what is followed now. Tries until it succeeds while the server is away: meanwhile the old products are answered. */
  async #reload(): Promise<void> {
    for (;;) {
      try {
        return await this.#refresh();
      } catch (error) {
        if (!(error instanceof GitError && error.retryable)) throw error;
        this.#log(`cannot read the catalog: ${error.message}; next attempt in ${RETRY_MS} ms`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #load(): Promise<void> {
    const { repo, followed } = this.#settings;
    const commit = await followedCommit(this.#git, repo, followed);
    const { commitId, name, files, version } = this.#current;
    if (commit?.commitId === commitId && commit.name === name) return;
    const catalog =
      commit === undefined
        ? EMPTY
        : { ...(await readCatalog(this.#git, repo, commit.commitId, files)), name: commit.name };
    this.#current = { ...catalog, loadedAt: new Date(), version: version + 1 };
    for (const { path, message } of this.#current.problems) this.#log(`${path} is left out: ${message}`);
    for (const listener of this.#listeners) listener(this.#current);
  }
}
