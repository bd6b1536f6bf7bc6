import { randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ByteString, fromByteString } from "../domain/bytes.ts";
import { OperationError } from "../domain/errors.ts";
import type { ObjectFormat } from "../domain/oid.ts";
import { problemOfRefName, REFS_HEADS } from "../domain/reference.ts";
import { lstatIfThere, statIfThere } from "./file-stamp.ts";
import { flush, flushParents, writeFlushed } from "./flush.ts";
import { problemOf, type RepositoryPlace } from "./repository-locator.ts";

const DEFAULT_BRANCH = "main";

export interface NewRepository {
  readonly defaultBranch?: ByteString | undefined;
  readonly objectFormat: ObjectFormat;
}

/**
 * Makes an empty bare repository, durably: whole in a temporary directory, then renamed to its place. Call it while holding
 * the exclusive lock of the place. Throws `repository_exists` when anything at all is there.
 */
export async function createRepository(place: RepositoryPlace, options: NewRepository): Promise<void> {
  refuseOccupied(place);
  const made = join(place.storage.temporaryDir, randomBytes(12).toString("hex"));
  try {
    await makeRepositoryFiles(made, options);
    const madeParents = await makeParents(place);
    refuseOccupied(place);
    await rename(made, place.gitDir);
    await flushParents(place.gitDir, ...madeParents);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
}

/** Renaming onto an empty directory would succeed, so that the system cannot be left to refuse it. */
export function refuseOccupied(place: RepositoryPlace): void {
  if (lstatIfThere(place.gitDir) !== undefined) {
    throw new OperationError("repository_exists", { repository: place.relativePath });
  }
}

/** Makes the files of an empty bare repository, durably but for the name of its directory. Throws `invalid_reference_name`. */
export async function makeRepositoryFiles(
  made: string,
  { defaultBranch = DEFAULT_BRANCH, objectFormat }: NewRepository,
): Promise<void> {
  const head = REFS_HEADS + defaultBranch;
  const problem = problemOfRefName(head);
  if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [head], problem });
  await mkdir(made, { mode: 0o755 });
  const directories = ["objects", "objects/info", "objects/pack", "refs", "refs/heads", "refs/tags"];
  for (const directory of directories) await mkdir(join(made, directory));
  await Promise.all([
    writeFlushed(join(made, "HEAD"), fromByteString(`ref: ${head}\n`)),
    writeFlushed(join(made, "config"), configOf(objectFormat)),
    flush(join(made, "objects")),
    flush(join(made, "refs")),
  ]);
  await flush(made);
}

function configOf(objectFormat: ObjectFormat): string {
  const core = (version: number) =>
    `[core]\n\trepositoryformatversion = ${version}\n\tfilemode = true\n\tbare = true\n`;
  return objectFormat === "sha1" ? core(0) : `${core(1)}[extensions]\n\tobjectformat = ${objectFormat}\n`;
}

/** Makes the directories above a place and returns the new ones. Throws `invalid_input` when one of them cannot be a directory. */
export async function makeParents(place: RepositoryPlace): Promise<string[]> {
  const missing: string[] = [];
  for (let parent = dirname(place.gitDir); parent !== place.storage.root; parent = dirname(parent)) {
    const stats = statIfThere(parent);
    if (stats === undefined) missing.push(parent);
    else if (!stats.isDirectory() || problemOf(parent) === undefined) {
      // Inside another repository it could pass for that one's objects or references.
      throw new OperationError("invalid_input", {
        field: "repository.relativePath",
        problem: "lies inside another repository or file",
      });
    }
  }
  await mkdir(dirname(place.gitDir), { recursive: true });
  return missing;
}
