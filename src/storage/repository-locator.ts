import { realpathSync, type Stats } from "node:fs";
import { join, relative } from "node:path";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { OperationError } from "../domain/errors.ts";
import { Moment } from "../domain/moment.ts";
import type { ObjectFormat } from "../domain/oid.ts";
import { type FileStamp, isUnchanged, lstatIfThere, stampOf, statIfThere } from "./file-stamp.ts";
import { cleanRelativePath } from "./relative-path.ts";
import { readObjectFormat } from "./repository-config.ts";
import type { Storage, Storages } from "./storages.ts";

/** How many repositories are remembered; the one looked at longest ago goes first. */
const REMEMBERED_MAX = 20_000;

/** A place in a storage where a repository is or could be. */
export interface RepositoryPlace {
  readonly storage: Storage;
  /** The cleaned path, links resolved where they exist. */
  readonly relativePath: string;
  /** Absolute path of the repository. */
  readonly gitDir: string;
  /** Names the repository in locks and pins: the same for every spelling of its path. */
  readonly key: string;
}

/** A repository that is there. */
export interface LocatedRepository extends RepositoryPlace {
  readonly objectFormat: ObjectFormat;
}

interface Remembered {
  readonly repository: LocatedRepository;
  readonly directory: FileStamp;
  readonly configFile: string;
  readonly config: FileStamp | undefined;
}

/**
 * Finds repositories and tells whether they are valid. Plain git may change them beside us at any time, so that each call
 * looks; what it saw before it recognises by two stats, which all who ask in one turn share.
 */
export class RepositoryLocator {
  readonly #storages: Storages;
  readonly #clock: { nowMs(): number };
  readonly #remembered = new Map<string, Remembered>();
  readonly #unmoved = new Moment<LocatedRepository>();
  readonly #paths = new Moment<string>();
  readonly #there = new Moment<boolean>();

  constructor(storages: Storages, clock: { nowMs(): number } = { nowMs: () => Date.now() }) {
    this.#storages = storages;
    this.#clock = clock;
  }

  /** Checks the names alone. */
  validate(ref: RepositoryRef): void {
    if (this.#remembered.has(nameOf(ref))) return;
    checkNames(ref);
    this.#storages.get(ref.storage);
    cleanRelativePath(ref.relativePath);
  }

  /**
   * Where a repository would be, present or not. Throws `storage_unknown`, `storage_missing`, `repository_path_escapes` (also
   * for a way out through a symbolic link).
   */
  place(ref: RepositoryRef): RepositoryPlace {
    checkNames(ref);
    const storage = this.#storages.present(ref.storage);
    const relativePath = resolveLinks(storage, ref.relativePath, cleanRelativePath(ref.relativePath));
    return { storage, relativePath, gitDir: join(storage.root, relativePath), key: `${storage.name}\0${relativePath}` };
  }

  /**
   * The one path of a repository among all spellings of it, present or not: links resolved, as `place` does, and cheap for a
   * repository that was found before.
   */
  canonicalPath(ref: RepositoryRef): string {
    const unchanged = this.#unchangedNow(ref);
    return unchanged?.relativePath ?? this.#paths.of(nameOf(ref), () => this.place(ref).relativePath);
  }

  /** Is anything at all at a place? */
  isThere(ref: RepositoryRef): boolean {
    return this.#unchanged(nameOf(ref)) !== undefined || lstatIfThere(this.place(ref).gitDir) !== undefined;
  }

  /** Was anything there a moment ago? For questions that are asked again by whoever opens it. */
  wasThere(ref: RepositoryRef): boolean {
    return this.#unchangedNow(ref) !== undefined || this.#there.of(nameOf(ref), () => this.isThere(ref));
  }

  /** Finds as `find` does, or takes what somebody has found a moment ago. For whoever pins it next: what moves it says so. */
  findNow(ref: RepositoryRef): LocatedRepository {
    return this.#unchangedNow(ref) ?? this.find(ref);
  }

  /** Something has been moved or removed: nothing that was seen a moment ago holds any more. */
  lookAgain(): void {
    for (const moment of [this.#unmoved, this.#paths, this.#there]) moment.forget();
  }

  #unchangedNow(ref: RepositoryRef): LocatedRepository | undefined {
    const name = nameOf(ref);
    return this.#unmoved.find(name, () => this.#unchanged(name));
  }

  /** What is remembered has no link on its way; what has been put in its place since then is looked at anew. */
  #unchanged(name: string): LocatedRepository | undefined {
    const known = this.#remembered.get(name);
    if (known === undefined) return undefined;
    const directory = lstatIfThere(known.repository.gitDir);
    if (directory === undefined || !isUnchanged(known.directory, directory)) return undefined;
    const config = statIfThere(known.configFile);
    const isSame = config === undefined ? known.config === undefined : isUnchanged(known.config, config);
    return isSame ? known.repository : undefined;
  }

  /** Finds a valid repository. Throws what `place` throws, `repository_not_found` and `repository_invalid`. */
  find(ref: RepositoryRef): LocatedRepository {
    const name = nameOf(ref);
    const unchanged = this.#unchanged(name);
    if (unchanged !== undefined) return unchanged;
    this.#remembered.delete(name);
    return this.#look(name, ref);
  }

  #look(name: string, ref: RepositoryRef): LocatedRepository {
    const place = this.place(ref);
    const directory = statIfThere(place.gitDir);
    if (!directory?.isDirectory()) throw new OperationError("repository_not_found", { repository: place.relativePath });
    const problem = problemOf(place.gitDir);
    if (problem !== undefined) throw new OperationError("repository_invalid", { problem });
    const configFile = join(place.gitDir, "config");
    const config = statIfThere(configFile);
    const repository = { ...place, objectFormat: readObjectFormat(configFile) };
    // A link on the way may lead elsewhere tomorrow without a trace in what is stat'ed here.
    if (place.relativePath === cleanRelativePath(ref.relativePath))
      this.#remember(name, { repository, configFile }, directory, config);
    return repository;
  }

  #remember(
    name: string,
    found: Pick<Remembered, "repository" | "configFile">,
    directory: Stats,
    config: Stats | undefined,
  ): void {
    const nowMs = this.#clock.nowMs();
    const stamp = stampOf(directory, nowMs);
    const configStamp = config && stampOf(config, nowMs);
    if (stamp === undefined || (config !== undefined && configStamp === undefined)) return;
    this.#remembered.set(name, { ...found, directory: stamp, config: configStamp });
    if (this.#remembered.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      break;
    }
  }
}

/** Why a directory is no repository, in Gitaly's words and order; undefined when it is one. */
export function problemOf(gitDir: string): string | undefined {
  for (const name of ["objects", "refs", "HEAD"]) {
    if (statIfThere(join(gitDir, name)) === undefined && !isDanglingHead(gitDir, name))
      return `"${name}" does not exist`;
  }
  return undefined;
}

/** HEAD may be a symbolic link to a branch, as old git wrote it, and the branch may be unborn. */
function isDanglingHead(gitDir: string, name: string): boolean {
  return name === "HEAD" && readsAsLink(join(gitDir, name));
}

function nameOf(ref: RepositoryRef): string {
  return `${ref.storage}\0${ref.relativePath}`;
}

function checkNames({ storage, relativePath }: RepositoryRef): void {
  if (storage === "" && relativePath === "") throw unset("repository", "repository not set");
  if (relativePath === "") throw unset("repository.relativePath", "repository path not set");
  if (storage === "") throw unset("repository.storage", "storage name not set");
}

function unset(field: string, problem: string): OperationError {
  return new OperationError("invalid_input", { field, problem });
}

/** Follows symbolic links of the part of the path that exists; they may lead anywhere below the storage. */
function resolveLinks(storage: Storage, asWritten: string, clean: string): string {
  const root = realpathSync(storage.root);
  let present = clean;
  let absent = "";
  for (;;) {
    const real = realPathIfThere(join(root, present));
    if (real !== undefined) {
      const inside = relative(root, real);
      const escapes = inside === ".." || inside.startsWith("../");
      const resolved = join(inside, absent);
      if (escapes || resolved === "." || resolved === "") {
        throw new OperationError("repository_path_escapes", { relativePath: asWritten });
      }
      return cleanRelativePath(resolved);
    }
    const slash = present.lastIndexOf("/");
    absent = join(present.slice(slash + 1), absent);
    present = slash < 0 ? "" : present.slice(0, slash);
  }
}

function realPathIfThere(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A link that leads to itself leads nowhere.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG" || code === "ELOOP") return undefined;
    throw error;
  }
}

function readsAsLink(path: string): boolean {
  return lstatIfThere(path)?.isSymbolicLink() ?? false;
}
