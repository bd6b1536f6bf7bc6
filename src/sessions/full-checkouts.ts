import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { GitBackend } from "../backend/backend.ts";
import { flush, writeFlushed } from "../backend/flush.ts";
import type { WorktreeView } from "../backend/worktree-facet.ts";

/** Beside `git` and `worktree`, as long as the files of a full checkout may not be on the disk. */
const MARK = "unflushed";

interface Unflushed {
  /** When it had been checked out, milliseconds since 1970. */
  readonly filledAtMs: number;
  /** Has the machine been started since? Then files may be missing, empty or damaged. */
  readonly isDoubtful: boolean;
  settling?: Promise<void>;
}

export interface FullCheckoutsOptions {
  /** Names this run of the machine; empty where nobody knows. */
  readonly bootId: string;
  /** Told of a flush that failed; the next one who changes something tries again. */
  readonly onFailed: (id: string, error: unknown) => void;
}

/**
 * Full worktrees whose files have been written and not flushed: thousands of files would make opening slow. They are flushed afterwards, and until then a mark says so
 * on the disk. Who changes something waits for it, so that a session with a mark has no changes of anybody: after a power cut its files are made again.
 */
export class FullCheckouts {
  readonly #options: FullCheckoutsOptions;
  readonly #unflushed = new Map<string, Unflushed>();

  constructor(options: FullCheckoutsOptions) {
    this.#options = options;
  }

  /** Says, durably, that a worktree has been filled; before anybody can find it. */
  async filled(id: string, view: WorktreeView): Promise<void> {
    // Files have their times from the system's clock.
    const filledAtMs = Date.now();
    const directory = dirname(view.gitDir);
    await writeFlushed(join(directory, MARK), `${filledAtMs} ${this.#options.bootId}\n`);
    // Git flushes the index, not where it stands.
    await Promise.all([flush(directory), flush(view.gitDir)]);
    this.#unflushed.set(id, { filledAtMs, isDoubtful: false });
  }

  /** Finds what an earlier server left; answers whether there is something to be flushed. */
  found(id: string, { gitDir }: WorktreeView): boolean {
    const text = textOf(join(dirname(gitDir), MARK));
    if (text === undefined) return false;
    const [filledAt = "", bootId = ""] = text.trim().split(" ");
    const isSameBoot = bootId !== "" && bootId === this.#options.bootId;
    this.#unflushed.set(id, { filledAtMs: Number(filledAt), isDoubtful: !isSameBoot });
    return true;
  }

  /** May files be missing that nobody has removed? Then nobody may look before they are there again. */
  isDoubtful(id: string): boolean {
    return this.#unflushed.get(id)?.isDoubtful === true;
  }

  /** Begins to flush, beside what else happens. Not for what is doubtful. */
  settleLater(id: string, view: WorktreeView, git: GitBackend): void {
    this.settled(id, view, git).catch((error: unknown) => this.#options.onFailed(id, error));
  }

  /** Waits until all files are there and on the disk. Only who holds the session alone may wait for what is doubtful. */
  async settled(id: string, view: WorktreeView, git: GitBackend): Promise<void> {
    const one = this.#unflushed.get(id);
    if (one === undefined) return;
    // It is everybody's: nobody's going away ends it.
    const { signal: _, ...lasting } = view;
    one.settling ??= this.#settle(id, one, lasting, git);
    await one.settling;
  }

  /** The session is no more. */
  forget(id: string): void {
    this.#unflushed.delete(id);
  }

  async #settle(id: string, one: Unflushed, view: WorktreeView, git: GitBackend): Promise<void> {
    const directory = dirname(view.gitDir);
    try {
      if (one.isDoubtful) await git.worktree.restoreLost(view, one.filledAtMs);
      await git.worktree.flush(view);
      await rm(join(directory, MARK), { force: true });
      await flush(directory);
      this.#unflushed.delete(id);
    } catch (error) {
      delete one.settling;
      // It has been removed meanwhile.
      if (this.#unflushed.get(id) === one) throw error;
    }
  }
}

/** Names the run of the machine (proc(5)); empty where the system does not tell. */
export function readBootId(): string {
  return textOf("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}
