import { accessSync, constants, readdirSync } from "node:fs";
import { join } from "node:path";
import { type FileStamp, isUnchanged, stampOf, statIfThere } from "../../storage/file-stamp.ts";

export type HookName = "pre-receive" | "update" | "reference-transaction" | "post-receive" | "post-update";

/** How many directories' contents are remembered. */
const REMEMBERED_MAX = 5000;

interface Listing {
  readonly stamp: FileStamp;
  readonly names: ReadonlySet<string>;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** The directories that may hold hooks for one repository, with what is in them. */
export interface HookDirectories {
  /** Paths of the scripts of a hook, in the order they run. */
  scripts(hook: HookName): string[];
}

/**
 * Finds hooks on disk. A repository without hooks costs three stats: what a directory holds is read again only when the
 * directory has changed. Whether a file may be executed is asked each time, since that leaves no trace in the directory.
 */
export class HookFinder {
  readonly #globalDirectory: string | undefined;
  readonly #listings = new Map<string, Listing>();

  constructor(globalDirectory: string | undefined) {
    this.#globalDirectory = globalDirectory;
  }

  /** Looks for a repository's hooks; undefined when there is no directory that could hold any. */
  find(gitDir: string): HookDirectories | undefined {
    const custom = this.#list(join(gitDir, "custom_hooks"));
    const own = this.#list(join(gitDir, "hooks"));
    const shared = this.#globalDirectory === undefined ? NO_NAMES : this.#list(this.#globalDirectory);
    if (custom.size === 0 && own.size === 0 && shared.size === 0) return undefined;
    return {
      scripts: (hook) => [
        ...single(custom, join(gitDir, "custom_hooks"), hook),
        ...this.#directory(custom, join(gitDir, "custom_hooks"), hook),
        ...single(own, join(gitDir, "hooks"), hook),
        ...(this.#globalDirectory === undefined ? [] : this.#directory(shared, this.#globalDirectory, hook)),
      ],
    };
  }

  /** The scripts in `HOOK.d`, sorted by name; an editor's backups are left out. */
  #directory(names: ReadonlySet<string>, parent: string, hook: HookName): string[] {
    if (!names.has(`${hook}.d`)) return [];
    const directory = join(parent, `${hook}.d`);
    return [...this.#list(directory)]
      .filter((name) => !name.endsWith("~"))
      .sort()
      .map((name) => join(directory, name))
      .filter(isExecutable);
  }

  #list(directory: string): ReadonlySet<string> {
    const stats = statIfThere(directory);
    if (!stats?.isDirectory()) return NO_NAMES;
    const known = this.#listings.get(directory);
    if (known !== undefined && isUnchanged(known.stamp, stats)) return known.names;
    const names = new Set(readdirSync(directory));
    const stamp = stampOf(stats);
    this.#listings.delete(directory);
    if (stamp !== undefined) this.#listings.set(directory, { stamp, names });
    if (this.#listings.size > REMEMBERED_MAX) this.#listings.clear();
    return names;
  }
}

function single(names: ReadonlySet<string>, directory: string, hook: HookName): string[] {
  const script = join(directory, hook);
  return names.has(hook) && isExecutable(script) ? [script] : [];
}

function isExecutable(script: string): boolean {
  if (!statIfThere(script)?.isFile()) return false;
  try {
    accessSync(script, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
