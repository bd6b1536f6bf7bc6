import { link, mkdir, copyFile, readdir, readFile, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { OpenRepository } from "../contract/context.ts";
import { REFS_HOLDFAST } from "../domain/hidden-refs.ts";
import { type Oid, zeroOid } from "../domain/oid.ts";
import type { RefChange, RefName } from "../domain/reference.ts";

const OBJECT_FILE = /^(?:[0-9a-f]{38}|[0-9a-f]{62}|pack-[0-9a-f]{40,64}\.(?:pack|idx|rev))$/;

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
  const files = await objectFiles(objectsDir);
  for (const file of files) await putInto(join(objectsDir, file), join(quarantine.view.quarantineDir, file));
  await repository.updateRefs({ changes, quarantine, hooks: "none" });
  for (const file of files) await unlink(join(objectsDir, file));
  // Whoever publishes next looks into each of them.
  for (const folder of new Set(files.map(dirname))) if (folder !== "pack") await removeEmpty(join(objectsDir, folder));
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

async function objectFiles(objectsDir: string): Promise<string[]> {
  const folders = (await readdir(objectsDir)).filter((name) => name === "pack" || /^[0-9a-f]{2}$/.test(name));
  const files: string[] = [];
  for (const folder of folders) {
    for (const name of await readdir(join(objectsDir, folder)))
      if (OBJECT_FILE.test(name)) files.push(join(folder, name));
  }
  // A pack is seen by its index, so that the index comes last, and goes first.
  return files.sort((a, b) => Number(a.endsWith(".idx")) - Number(b.endsWith(".idx")));
}

/** A storage may be on another disk than the sessions. */
async function putInto(from: string, to: string): Promise<void> {
  await mkdir(join(to, ".."), { recursive: true });
  await link(from, to).catch(async (error: { code?: string }) => {
    if (error.code === "EEXIST") return;
    if (!["EXDEV", "EPERM", "EMLINK"].includes(error.code ?? "")) throw error;
    await copyFile(from, to);
  });
}

async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: { code?: string }) => {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(error.code ?? "")) throw error;
  });
}

function absent(error: unknown): undefined {
  if ((error as { code?: string }).code === "ENOENT") return undefined;
  throw error;
}
