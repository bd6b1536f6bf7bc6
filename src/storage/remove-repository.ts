import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OperationError } from "../domain/errors.ts";
import { lstatIfThere } from "./file-stamp.ts";
import { flush, flushParents } from "./flush.ts";
import { problemOf, type RepositoryPlace } from "./repository-locator.ts";

/**
 * Moves a repository, or whatever directory is in its place, out of everybody's sight, durably; returns what then deletes the
 * files. Call it while nobody has it pinned and holding its exclusive lock.
 */
export async function withdrawRepository(place: RepositoryPlace): Promise<() => Promise<void>> {
  refuseAbsent(place);
  const name = basename(place.gitDir).slice(0, 100);
  const removed = join(place.storage.removedDir, `${name}+${randomBytes(8).toString("hex")}`);
  await rename(place.gitDir, removed);
  await Promise.all([flushParents(place.gitDir), flush(place.storage.removedDir)]);
  return () => rm(removed, { recursive: true, force: true });
}

/** Throws `repository_not_found` unless there is a directory, and for the directories of which another repository consists. */
export function refuseAbsent(place: RepositoryPlace): void {
  if (!lstatIfThere(place.gitDir)?.isDirectory() || liesInsideRepository(place)) {
    throw new OperationError("repository_not_found", { repository: place.relativePath });
  }
}

function liesInsideRepository({ gitDir, storage }: RepositoryPlace): boolean {
  for (let parent = dirname(gitDir); parent !== storage.root; parent = dirname(parent)) {
    if (problemOf(parent) === undefined) return true;
  }
  return false;
}
