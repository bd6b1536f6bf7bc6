import type { ByteString } from "../../domain/bytes.ts";
import type { Oid } from "../../domain/oid.ts";

/** A folder of the index, with the tree that it is where nothing has changed since that was written (gitformat-index(5), "Cache tree"). */
export interface CachedTree {
  readonly name: ByteString;
  /** Entries of the index in it, those of folders below included; below 0: its tree is not known. */
  entryCount: number;
  oid: Oid | undefined;
  readonly folders: CachedTree[];
}

/** Reads the extension. */
export function parseCacheTree(bytes: Buffer, oidBytes: number): CachedTree {
  let at = 0;
  const until = (end: number): string => {
    const found = bytes.indexOf(end, at);
    const text = bytes.toString("latin1", at, found);
    at = found + 1;
    return text;
  };
  const read = (): CachedTree => {
    const name = until(0x00);
    const entryCount = Number(until(0x20));
    const folderCount = Number(until(0x0a));
    const oid = entryCount < 0 ? undefined : bytes.toString("hex", at, (at += oidBytes));
    return { name, entryCount, oid, folders: Array.from({ length: folderCount }, read) };
  };
  return read();
}

/** Writes the extension. */
export function formatCacheTree(tree: CachedTree): Buffer {
  const bytes = Buffer.allocUnsafe(lengthOf(tree));
  let at = 0;
  const write = ({ name, entryCount, oid, folders }: CachedTree): void => {
    at += bytes.write(`${name}\0${entryCount} ${folders.length}\n`, at, "latin1");
    if (oid !== undefined) at += bytes.write(oid, at, "hex");
    for (const folder of folders) write(folder);
  };
  write(tree);
  return bytes.subarray(0, at);
}

/** At least as many bytes as it takes; numbers of entries have ten digits at most. */
function lengthOf({ name, oid, folders }: CachedTree): number {
  const own = name.length + 24 + (oid?.length ?? 0) / 2;
  return folders.reduce((sum, folder) => sum + lengthOf(folder), own);
}

/** Something below a path has changed: forgets the trees of the folders that it is in. */
export function forgetPath(root: CachedTree, path: ByteString): void {
  let tree: CachedTree | undefined = root;
  for (const name of path.split("/")) {
    if (tree === undefined) return;
    tree.entryCount = -1;
    tree.oid = undefined;
    tree = tree.folders.find((folder) => folder.name === name);
  }
}
