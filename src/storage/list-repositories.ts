import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { problemOf } from "./repository-locator.ts";
import type { Storage } from "./storages.ts";

const BATCH = 500;

/** How deep a storage is searched. */
const DEPTH_MAX = 64;

interface Found {
  readonly path: string;
  readonly isRepository: boolean;
}

/** Walks a storage for repositories: their relative paths, sorted, in batches. Nothing inside a repository is looked at. */
export async function* listRepositories(storage: Storage): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const path of walk(storage, "", 0)) {
    batch.push(path);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* walk(storage: Storage, directory: string, depth: number): AsyncGenerator<string> {
  const found = (await entriesOf(join(storage.root, directory)))
    .filter((entry) => entry.isDirectory() && !(depth === 0 && entry.name.startsWith("+")))
    .map((entry): Found => {
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      return { path, isRepository: problemOf(join(storage.root, path)) === undefined };
    });
  // In the order of the full paths: what lies in a directory sorts with the slash that follows its name.
  for (const { path, isRepository } of found.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))) {
    if (isRepository) yield path;
    else if (depth < DEPTH_MAX) yield* walk(storage, path, depth + 1);
  }
}

function sortKey({ path, isRepository }: Found): string {
  return isRepository ? path : `${path}/`;
}

/** A directory that goes away, or that we may not read, holds no repositories that we could serve. */
async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw error;
  }
}
