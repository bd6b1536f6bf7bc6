import { randomUUID } from "node:crypto";
import {
  appUserId,
  ConflictError,
  type FileAction,
  type GitAdapter,
  GitError,
  type GitTag,
  type GitUser,
  NotFoundError,
  ZERO_ID,
} from "@holdfast/client";
import { CatalogError } from "./catalog-error.ts";
import { checkProduct, formatProduct, parseProduct, pathOf, type Product } from "./product.ts";
import type { Settings } from "./settings.ts";

/** A change that stands in the repository. */
export interface Written {
  readonly commitId: string;
  /** How often the branch had to be read; more than once when others wrote at the same time. */
  readonly attempts: number;
}

/** What is done to a file that has these bytes now; null: there is none. Throws when it cannot be done. */
type Change = (current: Uint8Array | null) => FileAction;

/** Attempts against other writers: each of them has made a commit meanwhile. */
const ATTEMPTS_MAX = 50;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** Names that Git takes for a tag, and nobody takes for something else. */
const RELEASE = /^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$/;
/** The longest pause between two attempts against other writers. */
const JITTER_MS = 20;

const USER: GitUser = { glId: appUserId("catalog-api"), name: "Catalog API", email: "catalog-api@example.com" };

/** The products' repository: every read and every write goes through the adapter. */
export class CatalogRepository {
  readonly #git: GitAdapter;
  readonly #settings: Settings;

  constructor(git: GitAdapter, settings: Settings) {
    this.#git = git;
    this.#settings = settings;
  }

  /** Makes the repository unless it is there; waits for a server that is still starting. */
  async ensure(): Promise<void> {
    const { repo, branch } = this.#settings;
    await this.#patiently(async () => {
      if (await this.#git.repoExists(repo)) return;
      try {
        await this.#git.createRepo(repo, { defaultBranch: branch });
      } catch (error) {
        // Somebody else was first, or our own first attempt has arrived after all.
        if (!(error instanceof ConflictError)) throw error;
      }
    });
  }

  /** Throws `CONFLICT` when the product exists. */
  async create(product: Product): Promise<Written & { readonly product: Product }> {
    const { sku } = checkProduct(product);
    const written = await this.#write(sku, `Create ${sku}`, (current) => {
      if (current !== null) throw new CatalogError("CONFLICT", `product exists already: ${sku}`, { sku });
      return { type: "create", path: pathOf(sku), content: formatProduct(product) };
    });
    return { ...written, product };
  }

  /** Changes a product as it is when the change is made. Throws `NOT_FOUND`, and what `change` throws. */
  async update(
    sku: string,
    change: (current: Product) => Product,
  ): Promise<Written & { readonly product: Product | undefined }> {
    const path = pathOf(sku);
    let product: Product | undefined;
    const written = await this.#write(sku, `Update ${sku}`, (current) => {
      if (current === null) throw notFound(sku);
      product = checkProduct(change(parseProduct(new TextDecoder().decode(current), path)));
      return { type: "update", path, content: formatProduct(product) };
    });
    return { ...written, product };
  }

  /** Throws `NOT_FOUND`. */
  delete(sku: string): Promise<Written> {
    return this.#write(sku, `Delete ${sku}`, (current) => {
      if (current === null) throw notFound(sku);
      return { type: "delete", path: pathOf(sku) };
    });
  }

  /** Tags the tip of the branch. Throws `BAD_USER_INPUT`, `CONFLICT` when the tag exists, `NOT_FOUND` when there is no commit yet. */
  async publishRelease(name: string, message: string): Promise<GitTag> {
    const { repo, branch } = this.#settings;
    if (!RELEASE.test(name) || name.endsWith(".lock")) {
      throw new CatalogError("BAD_USER_INPUT", "name must be one such as v1.2: letters, digits and single . _ -", {
        field: "name",
      });
    }
    const tip = await this.#tip();
    if (tip === undefined) throw new CatalogError("NOT_FOUND", `there is no commit on ${branch} yet`);
    try {
      return await this.#git.createTag(repo, { name, target: tip, message, user: USER });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // An attempt whose answer was lost may have made it.
      const made = error.outcomeUnknown ? await this.#git.findTag(repo, name) : null;
      if (made?.targetCommit?.id === tip) return made;
      throw new CatalogError("CONFLICT", `release exists already: ${name}`, { name }, error);
    }
  }

  /**
   * Reads, decides and commits against what was read; when others were faster, all over again. A commit whose answer was lost is looked
   * for by the mark in its message before it is made again, so that it is there once.
   */
  async #write(sku: string, subject: string, change: Change): Promise<Written> {
    const path = pathOf(sku);
    const { repo, branch } = this.#settings;
    const mark = `Catalog-Change: ${randomUUID()}`;
    const message = `${subject}\n\n${mark}\n`;
    let attempts = 0;
    // Where the branch was when a commit was sent that may have arrived.
    let sentFrom: string | undefined;
    return this.#patiently(async () => {
      while (attempts < ATTEMPTS_MAX) {
        attempts++;
        const tip = await this.#tip();
        const arrived = sentFrom === undefined || tip === undefined ? undefined : await this.#find(mark, sentFrom, tip);
        if (arrived !== undefined) return { commitId: arrived, attempts };
        const action = change(await this.#read(path, tip));
        try {
          const expectedOldId = tip ?? ZERO_ID;
          const { commitId } = await this.#git.commitFiles(repo, {
            branch,
            message,
            user: USER,
            actions: [action],
            expectedOldId,
          });
          return { commitId, attempts };
        } catch (error) {
          const wasSent = error instanceof GitError && (error.retryable || error.outcomeUnknown);
          if (wasSent) sentFrom ??= tip ?? ZERO_ID;
          if (!(error instanceof ConflictError)) throw error;
          await pause(Math.random() * JITTER_MS);
        }
      }
      throw new CatalogError("CONFLICT", `others change the catalog too often: gave up after ${attempts} attempts`);
    });
  }

  /** The commit with this mark among those that came behind another. */
  async #find(mark: string, from: string, tip: string): Promise<string | undefined> {
    const revisions = from === ZERO_ID ? [tip] : [tip, `^${from}`];
    const commits = await this.#git.listCommits(this.#settings.repo, { revisions });
    return commits.find(({ body }) => body.includes(mark))?.id;
  }

  async #tip(): Promise<string | undefined> {
    const { repo, branch } = this.#settings;
    return (await this.#git.findBranch(repo, branch))?.commit.id;
  }

  async #read(path: string, revision: string | undefined): Promise<Uint8Array | null> {
    if (revision === undefined) return null;
    try {
      return await this.#git.getBlob(this.#settings.repo, { revision, path });
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }

  /** Tries again while the server is away, as long as the settings say. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const untilMs = performance.now() + this.#settings.patienceMs;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof GitError && error.retryable) || performance.now() + waitMs > untilMs) throw error;
        await pause(waitMs);
      }
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const notFound = (sku: string): CatalogError => new CatalogError("NOT_FOUND", `no such product: ${sku}`, { sku });
