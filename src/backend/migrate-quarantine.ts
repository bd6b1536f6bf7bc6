import { mkdir, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { OperationError } from "../domain/errors.ts";
import type { Migration } from "./backend.ts";
import { flush, inParallel } from "./flush.ts";

const FAN_OUT = /^[0-9a-f]{2}$/;
const LOOSE = /^[0-9a-f]{38,62}$/;
const PACK = /^pack-[0-9a-f]{40,64}\.([a-z]+)$/;

/** A pack becomes visible with its index, so the index moves last; its `.keep` guards it from a gc and moves first. */
const PACK_ORDER = ["keep", "pack", "rev", "bitmap", "mtimes", "promisor", "idx"];

interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Moves the objects of a quarantine into a repository's object directory. Files are flushed before they move, directories
 * after, while the caller goes on; what the repository has already stays there and is flushed, since whoever wrote it may not have done so yet.
 */
export async function migrateQuarantine(quarantineDir: string, objectsDir: string): Promise<Migration> {
  return noticingFullDisk(async () => {
    const folders = await foldersOf(quarantineDir);
    const touched = new Set<string>();
    const moves: Move[] = [];
    const indexes: Move[] = [];
    for (const folder of folders) {
      const names = await readdir(join(quarantineDir, folder));
      const wanted = folder === "pack" ? packFiles(names) : names.filter((name) => LOOSE.test(name));
      if (wanted.length === 0) continue;
      const target = join(objectsDir, folder);
      if ((await mkdir(target, { recursive: true })) !== undefined) touched.add(objectsDir);
      touched.add(target);
      for (const name of wanted) {
        const move = { from: join(quarantineDir, folder, name), to: join(target, name) };
        (folder === "pack" ? indexes : moves).push(move);
      }
    }
    await inParallel([...moves, ...indexes], ({ from }) => flush(from));
    await inParallel(moves, moveObject);
    for (const move of indexes) await moveObject(move);
    return { flushed: noticingFullDisk(() => inParallel([...touched], flush)) };
  });
}

async function noticingFullDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: string }).code === "ENOSPC") throw new OperationError("disk_full", {}, { cause: error });
    throw error;
  }
}

async function foldersOf(quarantineDir: string): Promise<string[]> {
  const names = await readdir(quarantineDir).catch((error: unknown) => {
    // Nothing was written.
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => name === "pack" || FAN_OUT.test(name));
}

function packFiles(names: readonly string[]): string[] {
  const rank = (name: string) => PACK_ORDER.indexOf(PACK.exec(name)?.[1] ?? "");
  return names.filter((name) => rank(name) >= 0).sort((a, b) => rank(a) - rank(b));
}

async function moveObject({ from, to }: Move): Promise<void> {
  if (await exists(to)) {
    await flush(to);
    await unlink(from);
  } else {
    await rename(from, to);
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: unknown) => {
      if ((error as { code?: string }).code === "ENOENT") return false;
      throw error;
    },
  );
}
