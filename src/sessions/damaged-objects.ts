import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { inflate } from "node:zlib";

/** Larger ones are files that somebody has staged, which are flushed when they are written. */
const CHECKED_BYTES_MAX = 16 * 1024 * 1024;

const inflated = promisify(inflate);

/**
 * Removes objects that are not what their names say. Trees and commits are flushed when the repository gets them, so that a power cut before may leave their names with
 * nothing behind, or half of it: the next commit would take them for written.
 */
export async function removeDamagedObjects(objectsDir: string): Promise<void> {
  for (const folder of await readdir(objectsDir)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const name of await readdir(join(objectsDir, folder))) {
      const place = join(objectsDir, folder, name);
      if (!(await isWhole(place, folder + name))) await rm(place);
    }
  }
}

async function isWhole(place: string, oid: string): Promise<boolean> {
  if ((await stat(place)).size > CHECKED_BYTES_MAX) return true;
  try {
    const content = await inflated(await readFile(place));
    return (
      createHash(oid.length === 64 ? "sha256" : "sha1")
        .update(content)
        .digest("hex") === oid
    );
  } catch (error) {
    // zlib's own names of what is wrong.
    if (/^Z_|^ERR_BUFFER_TOO_LARGE$/.test((error as { code?: string }).code ?? "")) return false;
    throw error;
  }
}
