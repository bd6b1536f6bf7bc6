import { createHash } from "node:crypto";
import { readlinkSync, type Stats } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { flush, inParallel } from "../flush.ts";
import type { IndexEntry, WorktreeFacet, WorktreeView } from "../worktree-facet.ts";
import type { GitRunner } from "./run-git.ts";
import { change, nullEnded } from "./worktree-change.ts";
import { foldersAbove, lookAt, placeOf, removeFiles } from "./worktree-place.ts";

/** Files are read in pieces of this size. */
const PIECE_BYTES = 256 * 1024;

/** Brings worktrees to the disk, and back to what was checked out. */
export function createFlush(
  runner: GitRunner,
  { listIndex }: Pick<WorktreeFacet, "listIndex">,
): Pick<WorktreeFacet, "flush" | "restoreLost"> {
  return {
    async flush(view: WorktreeView) {
      const places: Buffer[] = [];
      await collect(placeOf(view, ""), places);
      await inParallel(places, flush);
    },

    async restoreLost(view: WorktreeView, unchangedSinceMs: number) {
      const lost: GitPath[] = [];
      for await (const batch of listIndex(view, ""))
        for (const entry of batch)
          if (entry.type === "blob" && !entry.isLeftOut && (await isLost(view, entry, unchangedSinceMs)))
            lost.push(entry.path);
      if (lost.length === 0) return lost;
      // Git would leave alone what has the size and time that the index says.
      removeFiles(view, lost);
      await change(runner, view, { command: "restoreFiles", stdin: nullEnded(lost) });
      return lost;
    },
  };
}

/** Is a file missing, or not what was checked out although nobody has changed it since? */
async function isLost(view: WorktreeView, { path, oid }: IndexEntry, unchangedSinceMs: number): Promise<boolean> {
  const found = lookAt(view, path);
  if (found === undefined) {
    const isBlocked = (folder: GitPath) => lookAt(view, folder)?.isDirectory() === false;
    return !foldersAbove(path).some(isBlocked);
  }
  if (found.isDirectory() || found.mtimeMs > unchangedSinceMs) return false;
  // Where attributes convert, it is another one, and the file is made again as it was.
  return (await oidOf(view, path, found)) !== oid;
}

async function oidOf(view: WorktreeView, path: GitPath, found: Stats): Promise<Oid> {
  const hash = createHash(view.objectFormat);
  const place = placeOf(view, path);
  if (found.isSymbolicLink()) {
    const target = readlinkSync(place, { encoding: "buffer" });
    return hash.update(`blob ${target.length}\0`).update(target).digest("hex");
  }
  hash.update(`blob ${found.size}\0`);
  // The runtime's streams take no names that are bytes.
  const handle = await open(place, "r");
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** All that can be flushed: a symbolic link is in its folder. */
async function collect(folder: Buffer, places: Buffer[]): Promise<void> {
  for (const name of await readdir(folder, { encoding: "buffer" })) {
    const place = Buffer.concat([folder, Buffer.from("/"), name]);
    const found = await lstat(place);
    if (found.isDirectory()) await collect(place, places);
    else if (found.isFile()) places.push(place);
  }
  places.push(folder);
}
