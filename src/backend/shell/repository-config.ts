import { constants, existsSync } from "node:fs";
import { copyFile, open, rename, rm, writeFile } from "node:fs/promises";
import { OperationError } from "../../domain/errors.ts";
import type { RepositoryView } from "../backend.ts";
import type { MaintenanceFacet } from "../maintenance-facet.ts";
import type { GitRun, GitRunner } from "./run-git.ts";

const FILE = "config";
/** Git's own lock; what a crash leaves of it is cleaned at the start. */
const LOCK = "config.lock";

/** Reads and writes a repository's configuration with `git config`. */
export function createRepositoryConfig(runner: GitRunner): Pick<MaintenanceFacet, "readConfig" | "writeConfig"> {
  return {
    async readConfig(view) {
      // A repository without a configuration is one with git's defaults.
      if (!existsSync(`${view.gitDir}/${FILE}`)) return [];
      const { stdout } = await runner.run(view, { command: "configList", flags: [`--file=${FILE}`] });
      const entries = stdout.toString("latin1").split("\0").slice(0, -1);
      // A key without `=` is true, and has no line break behind it.
      return entries.map((entry) => {
        const at = entry.indexOf("\n");
        return at < 0 ? { key: entry, value: "true" } : { key: entry.slice(0, at), value: entry.slice(at + 1) };
      });
    },

    async writeConfig(view, key, value) {
      await lock(view);
      // From here on the lock is ours to take away.
      try {
        // The lock is a copy, which git edits: what stands around the key stays as it is.
        const run: GitRun =
          value === undefined
            ? { command: "configUnset", flags: [`--file=${LOCK}`, "--unset-all"], operands: [key] }
            : { command: "configSet", flags: [`--file=${LOCK}`, "--replace-all"], operands: [key, value] };
        await runner.run(view, run);
        await flush(`${view.gitDir}/${LOCK}`);
        await rename(`${view.gitDir}/${LOCK}`, `${view.gitDir}/${FILE}`);
        await flush(view.gitDir);
      } finally {
        await rm(`${view.gitDir}/${LOCK}`, { force: true });
      }
    },
  };
}

/** Copies the file to its lock, unless that is there. */
async function lock({ gitDir }: RepositoryView): Promise<void> {
  try {
    if (existsSync(`${gitDir}/${FILE}`))
      await copyFile(`${gitDir}/${FILE}`, `${gitDir}/${LOCK}`, constants.COPYFILE_EXCL);
    else await writeFile(`${gitDir}/${LOCK}`, "", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new OperationError("repository_locked", { repository: "its configuration" }, { cause: error });
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
