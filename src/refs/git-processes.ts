import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/** How often processes are looked at while somebody waits for them to end. */
const LOOK_MS = 20;

/** Runs of git that move references. */
export const MOVES_REFERENCES = /\0(update-ref|symbolic-ref)\0/;
/** Runs of git that write among a repository's objects. Packs for clients go to a pipe. */
export const WRITES_OBJECTS =
  /\0(gc|repack|prune|maintenance|commit-graph|multi-pack-index|index-pack|unpack-objects|fast-import|fetch|receive-pack)\0|\0pack-objects\0(?![^]*\0--stdout\0)/;

/**
 * Is a git process at work in the repository? Told by its working directory, open files, arguments and environment (proc(5)).
 * What this process may not look at counts as elsewhere: whose files it cannot see, it does not own either. `commands` leaves
 * out runs whose arguments it does not match.
 */
export async function isGitAtWork(gitDir: string, commands?: RegExp): Promise<boolean> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => worksIn(join("/proc", pid), gitDir, commands)));
  return found.includes(true);
}

/**
 * Waits until no git process of these commands is at work in the repository, but not longer than the given time; tells whether it is so. Such a
 * one may be a child of a process that died, which ends by itself, but perhaps not before it has done what it was told.
 */
export async function awaitQuiet(gitDir: string, commands: RegExp, timeoutMs: number): Promise<boolean> {
  const untilMs = performance.now() + timeoutMs;
  while (await isGitAtWork(gitDir, commands)) {
    if (performance.now() >= untilMs) return false;
    await Bun.sleep(LOOK_MS);
  }
  return true;
}

async function worksIn(process: string, gitDir: string, commands: RegExp | undefined): Promise<boolean> {
  const name = await readFile(join(process, "comm"), "latin1").catch(() => "");
  if (!/^git(-|\n)/.test(name)) return false;
  if (commands !== undefined && !commands.test(await readFile(join(process, "cmdline"), "latin1").catch(() => "")))
    return false;
  const inside = (path: string) => path === gitDir || path.startsWith(`${gitDir}/`);
  if (inside(await readlink(join(process, "cwd")).catch(() => ""))) return true;
  for (const file of ["cmdline", "environ"]) {
    const text = await readFile(join(process, file), "utf8").catch(() => "");
    if (text.split("\0").some((value) => value.includes(gitDir))) return true;
  }
  const descriptors = await readdir(join(process, "fd")).catch(() => []);
  const files = await Promise.all(descriptors.map((fd) => readlink(join(process, "fd", fd)).catch(() => "")));
  return files.some(inside);
}
