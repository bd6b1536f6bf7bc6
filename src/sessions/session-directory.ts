import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { flush, writeFlushed } from "../backend/flush.ts";
import type { WorktreeView } from "../backend/worktree-facet.ts";
import { fromByteString } from "../domain/bytes.ts";
import type { ObjectFormat, Oid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import { removeDamagedObjects } from "./damaged-objects.ts";

/** Ids are names of folders; nothing else is one. */
const SESSION_ID = /^[0-9a-f]{24}$/;
const REMOVED = "+removed";
const BOOT = "+boot";

/** What the git directory of a session is made of. */
export interface NewDirectory {
  readonly objectFormat: ObjectFormat;
  /** The object directory of the repository. */
  readonly objectsDir: string;
  /** The branch that HEAD names, a full name. */
  readonly branch: RefName;
  readonly isLazy: boolean;
}

/** Where sessions lie on disk: `<root>/<id>/git` and `<root>/<id>/worktree`. */
export class SessionDirectories {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** A new id, which nobody can guess. */
  newId(): string {
    return randomBytes(12).toString("hex");
  }

  view(id: string, objectFormat: ObjectFormat, signal?: AbortSignal): WorktreeView {
    const directory = join(this.#root, id);
    return {
      gitDir: join(directory, "git"),
      workTree: join(directory, "worktree"),
      objectFormat,
      ...(signal === undefined ? {} : { signal }),
    };
  }

  /** Where files are written before they come to their place. */
  temporary(id: string): string {
    return join(this.#root, id, "new");
  }

  /** Is everything there that cannot be made again? */
  isWhole(id: string): boolean {
    const { gitDir, workTree } = this.view(id, "sha1");
    return isDirectory(workTree) && existsSync(join(gitDir, "HEAD"));
  }

  /** The commit that HEAD leads to; undefined where that stands in no file of its own. */
  headOf(id: string): Oid | undefined {
    const { gitDir } = this.view(id, "sha1");
    const branch = /^ref: (refs\/heads\/[^\n]+)\n$/.exec(readFileSync(join(gitDir, "HEAD"), "latin1"))?.[1];
    const file = branch === undefined ? undefined : Buffer.concat([Buffer.from(`${gitDir}/`), fromByteString(branch)]);
    if (file === undefined || statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
    return /^([0-9a-f]{40}|[0-9a-f]{64})\n$/.exec(readFileSync(file, "latin1"))?.[1];
  }

  /** Makes an empty session, durably but for its index (gitrepository-layout(5)). */
  async make(id: string, { objectFormat, objectsDir, branch, isLazy }: NewDirectory): Promise<void> {
    const { gitDir, workTree } = this.view(id, objectFormat);
    for (const directory of ["objects/info", "objects/pack", "refs/heads", "info"])
      await mkdir(join(gitDir, directory), { recursive: true, mode: 0o700 });
    await mkdir(workTree);
    await mkdir(this.temporary(id));
    await Promise.all([
      writeFlushed(join(gitDir, "HEAD"), fromByteString(`ref: ${branch}\n`)),
      writeFlushed(join(gitDir, "config"), configOf(objectFormat, isLazy)),
      writeFlushed(join(gitDir, "objects/info/alternates"), alternatesOf(objectsDir)),
      // So that plain git, called in the folder of the files, finds their session.
      writeFlushed(join(workTree, ".git"), "gitdir: ../git\n"),
      ...(isLazy ? [writeFlushed(join(gitDir, "info/sparse-checkout"), "")] : []),
    ]);
    const directories = [gitDir, join(gitDir, "objects/info"), join(gitDir, "refs"), workTree, join(this.#root, id)];
    await Promise.all([...directories, this.#root].map(flush));
  }

  /** The repository may have been renamed: tells the session where its objects are now. */
  async follow(id: string, objectsDir: string): Promise<void> {
    const file = join(this.view(id, "sha1").gitDir, "objects/info/alternates");
    const text = alternatesOf(objectsDir);
    if (readFileSync(file, "utf8") === text) return;
    const written = join(this.temporary(id), "alternates");
    await rm(written, { force: true });
    await writeFlushed(written, text);
    await rename(written, file);
  }

  /** Removes a session's files; a crash leaves some that the next start removes. */
  async remove(id: string): Promise<void> {
    const away = join(this.#root, `${REMOVED}-${id}`);
    try {
      await rename(join(this.#root, id), away);
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
    await rm(away, { recursive: true, force: true });
  }

  /** The run of the machine in which a server was started last; undefined: nobody knows. */
  lastBoot(): string | undefined {
    try {
      return readFileSync(join(this.#root, BOOT), "utf8").trim() || undefined;
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Takes down that what an earlier run of the machine has left is settled. */
  async recordBoot(bootId: string): Promise<void> {
    const written = join(this.#root, `${BOOT}.new`);
    await rm(written, { force: true });
    await writeFlushed(written, `${bootId}\n`);
    await rename(written, join(this.#root, BOOT));
  }

  /** Removes what a killed server was writing: half files, and locks of a git that died with it; after a power cut also damaged objects. */
  async tidy(id: string, isAfterBoot: boolean): Promise<void> {
    const { gitDir } = this.view(id, "sha1");
    const temporary = this.temporary(id);
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    for (const lock of ["index.lock", "HEAD.lock", "config.lock", "packed-refs.lock", "refs/stash.lock"])
      await rm(join(gitDir, lock), { force: true });
    // Indexes of stashes that were being made (backend/shell/worktree-stash.ts).
    for (const name of await readdir(gitDir))
      if (name.startsWith("stash-index-")) await rm(join(gitDir, name), { force: true });
    await removeTemporaryObjects(join(gitDir, "objects"));
    if (isAfterBoot) await removeDamagedObjects(join(gitDir, "objects"));
    const heads = join(gitDir, "refs/heads");
    for (const name of await readdir(heads, { recursive: true }))
      if (name.endsWith(".lock")) await rm(join(heads, name), { force: true });
  }

  /** Removes what no row knows: sessions that were being made or removed when the server ended. */
  async removeUnknown(known: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#root)) {
      const isUnknown = SESSION_ID.test(name) && !known.has(name);
      if (isUnknown || name.startsWith(REMOVED)) await rm(join(this.#root, name), { recursive: true, force: true });
    }
  }
}

/** Could this be the id of a session? */
export const isSessionId = (text: string): boolean => SESSION_ID.test(text);

/** Without logs of references but that of the stash: who wants to go back has the hidden references, and each log is a git process. */
function configOf(objectFormat: ObjectFormat, isLazy: boolean): string {
  const sparse = isLazy ? "\tsparseCheckout = true\n" : "";
  const core = (version: number) =>
    `[core]\n\trepositoryformatversion = ${version}\n\tfilemode = true\n\tbare = false\n\tworktree = ../worktree\n\tlogAllRefUpdates = false\n${sparse}`;
  return objectFormat === "sha1" ? core(0) : `${core(1)}[extensions]\n\tobjectformat = ${objectFormat}\n`;
}

/** A path that git would take for something else is quoted as in C (gitrepository-layout(5)). */
function alternatesOf(objectsDir: string): string {
  if (!/^["#]|[\n"\\]/.test(objectsDir)) return `${objectsDir}\n`;
  return `"${objectsDir.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"\n`;
}

/** Objects and packs that were being written, and what git writes beside (tmp-objdir.c). */
async function removeTemporaryObjects(objectsDir: string): Promise<void> {
  for (const folder of await readdir(objectsDir)) {
    const place = join(objectsDir, folder);
    if (/^(?:tmp_|incoming-)/.test(folder)) await rm(place, { recursive: true });
    else if (folder === "pack" || /^[0-9a-f]{2}$/.test(folder)) {
      for (const name of await readdir(place)) if (/^\.?tmp[_-]/.test(name)) await rm(join(place, name));
    }
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
