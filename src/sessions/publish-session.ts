import { linkSync, readdirSync, unlinkSync } from "node:fs";
import { copyFile, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { OpenRepository } from "../contract/context.ts";
import { REFS_HOLDFAST } from "../domain/hidden-refs.ts";
import { type Oid, zeroOid } from "../domain/oid.ts";
import type { RefChange, RefName } from "../domain/reference.ts";

const OBJECT_FILE = /^(?:[0-9a-f]{38}|[0-9a-f]{62}|pack-[0-9a-f]{40,64}\.(?:pack|idx|rev))$/;

/** Files that are linked or removed in one turn of the event loop, each some ten microseconds. */
const AT_ONCE_MAX = 100;

/** Where the repository keeps what belongs to a session. */
export const refsOfSession = (id: string): RefName => `${REFS_HOLDFAST}sessions/${id}/`;

/**
 * Gives the repository the objects of a session, and moves hidden references to them, all at once and durably. The session's own copies are
 * removed then: it sees the repository's. Only while nobody else is in the session.
 */
export async function publishSession(
  repository: OpenRepository,
  view: WorktreeView,
  changes: readonly RefChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const quarantine = await repository.quarantine();
  const objectsDir = join(view.gitDir, "objects");
  const files = objectFiles(objectsDir);
  const folders = [...new Set(files.map(dirname))];
  // Not here, one after another: they wait for whoever flushes.
  await Promise.all(folders.map((folder) => mkdir(join(quarantine.view.quarantineDir, folder), { recursive: true })));
  await each(files, (file) => putInto(join(objectsDir, file), join(quarantine.view.quarantineDir, file)));
  await repository.updateRefs({ changes, quarantine, hooks: "none" });
  // Their folders stay: to make and remove them costs more than to look into them.
  await each(files, (file) => unlinkSync(join(objectsDir, file)));
}

/** Names are made and taken away at once, which is faster than on other threads; now and then somebody else has a turn. */
async function each(files: readonly string[], work: (file: string) => void | Promise<void>): Promise<void> {
  for (const [at, file] of files.entries()) {
    if (at % AT_ONCE_MAX === AT_ONCE_MAX - 1) await new Promise((resolve) => setImmediate(resolve));
    const done = work(file);
    if (done instanceof Promise) await done;
  }
}

/** Changes that make the hidden references what a session is: where its HEAD leads, if anywhere, and its stashes. */
export async function hiddenChanges(
  repository: OpenRepository,
  id: string,
  view: WorktreeView,
  head: Oid | undefined,
): Promise<RefChange[]> {
  const prefix = refsOfSession(id);
  const wanted = new Map((await stashOids(view.gitDir)).map((oid) => [`${prefix}stash/${oid}`, oid]));
  if (head !== undefined) wanted.set(`${prefix}head`, head);
  const known = new Map<RefName, Oid>();
  const { git } = repository;
  for await (const batch of git.refs.list(repository.view, { prefixes: [prefix], peel: false }))
    for (const { name, oid } of batch) known.set(name, oid);
  const dropped = [...known.keys()].filter((name) => name.startsWith(`${prefix}stash/`) && !wanted.has(name));
  const zero = zeroOid(repository.objectFormat);
  return [
    ...[...wanted].filter(([name, oid]) => known.get(name) !== oid).map(([name, newOid]) => ({ name, newOid })),
    ...dropped.map((name) => ({ name, newOid: zero })),
  ];
}

/** A text that is another when the stashes are others. */
export async function stashStamp(gitDir: string): Promise<string> {
  const found = await stat(join(gitDir, "logs/refs/stash"), { bigint: true }).catch(absent);
  return found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeNs}`;
}

/** Stashes are the lines of a reflog (git-stash(1)). */
async function stashOids(gitDir: string): Promise<Oid[]> {
  const log = (await readFile(join(gitDir, "logs/refs/stash"), "latin1").catch(absent)) ?? "";
  return log.split("\n").flatMap((line) => line.split(" ", 2)[1] ?? []);
}

function objectFiles(objectsDir: string): string[] {
  const folders = readdirSync(objectsDir).filter((name) => name === "pack" || /^[0-9a-f]{2}$/.test(name));
  const files = folders.flatMap((folder) =>
    readdirSync(join(objectsDir, folder))
      .filter((name) => OBJECT_FILE.test(name))
      .map((name) => join(folder, name)),
  );
  // A pack is seen by its index, so that the index comes last, and goes first.
  return files.sort((a, b) => Number(a.endsWith(".idx")) - Number(b.endsWith(".idx")));
}

/** A storage may be on another disk than the sessions. */
function putInto(from: string, to: string): void | Promise<void> {
  try {
    linkSync(from, to);
  } catch (error) {
    const code = (error as { code?: string }).code ?? "";
    if (code === "EEXIST") return;
    if (!["EXDEV", "EPERM", "EMLINK"].includes(code)) throw error;
    return copyFile(from, to);
  }
}

function absent(error: unknown): undefined {
  if ((error as { code?: string }).code === "ENOENT") return undefined;
  throw error;
}
