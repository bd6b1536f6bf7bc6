import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFlushed } from "./flush.ts";
import type { Storage } from "./storages.ts";

/** What a server says of a storage. */
export interface StorageHealth {
  readonly name: string;
  readonly readable: boolean;
  readonly writeable: boolean;
  readonly fsType: string;
  readonly filesystemId: string;
}

/** Looks how a storage does. Never throws: a storage that is gone is one that can be neither read nor written. */
export async function statusOfStorage(storage: Storage): Promise<StorageHealth> {
  const [readable, writeable, fsType] = await Promise.all([
    isAllowed(storage.root, constants.R_OK | constants.X_OK),
    isAllowed(storage.root, constants.W_OK | constants.X_OK),
    fileSystemType(storage.root),
  ]);
  return {
    name: storage.name,
    readable,
    writeable,
    fsType,
    filesystemId: writeable ? await filesystemId(storage) : "",
  };
}

async function isAllowed(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/** An identifier that is made once and stays with the storage. */
async function filesystemId(storage: Storage): Promise<string> {
  const file = join(storage.stateDir, "filesystem-id");
  const read = () =>
    readFile(file, "utf8").then(
      (text) => text.trim(),
      () => "",
    );
  const known = await read();
  if (known !== "") return known;
  const made = randomUUID();
  return writeFlushed(file, `${made}\n`).then(() => made, read);
}

/** The type of the file system that holds a path, from the longest mount point above it (proc(5), `/proc/mounts`). */
async function fileSystemType(path: string): Promise<string> {
  const mounts = await readFile("/proc/mounts", "utf8").catch(() => "");
  let longest = -1;
  let type = "";
  for (const line of mounts.split("\n")) {
    const [, point = "", fsType = ""] = line.split(" ");
    const prefix = point.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    if (
      prefix === "" ||
      prefix.length < longest ||
      !`${path}/`.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`)
    )
      continue;
    longest = prefix.length;
    type = fsType;
  }
  return type;
}
