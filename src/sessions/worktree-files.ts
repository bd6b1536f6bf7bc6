import { randomBytes } from "node:crypto";
import {
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { GitBackend } from "../backend/backend.ts";
import { flush, writeFlushed } from "../backend/flush.ts";
import type { IndexEntry, WorktreeView } from "../backend/worktree-facet.ts";
import type { SessionFile, SessionFiles } from "../contract/sessions.ts";
import { compareByteStrings, fromByteString } from "../domain/bytes.ts";
import { OperationError } from "../domain/errors.ts";
import { type FileMode, type GitPath, MODE_BLOB, MODE_EXECUTABLE, MODE_SYMLINK } from "../domain/git-object.ts";
import { listWorktree, walkFolder } from "./list-worktree.ts";
import { modeOf } from "./mode-of.ts";
import { SparsePatterns } from "./sparse-patterns.ts";

/** Files that one batch of a list has. */
const BATCH_MAX = 100;
/** Of the target of a symbolic link: Linux' PATH_MAX has a NUL at its end. */
const LINK_BYTES_MAX = 4095;

export interface WorktreeFilesOptions {
  readonly view: WorktreeView;
  readonly git: GitBackend;
  /** Does the index have files that the worktree has not? */
  readonly isLazy: boolean;
  /** A folder on the same file system. */
  readonly temporaryDir: string;
  /** Resolves when the session's row says that there are changes: no file changes before. */
  readonly announced: Promise<void>;
}

/**
 * The files of a worktree. Nothing of it is a symbolic link's doing: each folder on the way is looked at (lstat), and while a session is locked
 * nobody puts a link in its place.
 */
export class WorktreeFiles implements SessionFiles {
  readonly #options: WorktreeFilesOptions;

  constructor(options: WorktreeFilesOptions) {
    this.#options = options;
  }

  async read(path: GitPath, bytesMax: number): Promise<SessionFile & { readonly content: Uint8Array }> {
    const found = this.#lookAt(path);
    if (found?.isSymbolicLink() === true) {
      const content = readlinkSync(this.#place(path), { encoding: "buffer" });
      return { path, mode: MODE_SYMLINK, size: content.length, content };
    }
    if (found?.isFile() === true) {
      refuseLarge(found.size, bytesMax);
      const handle = await open(this.#place(path), constants.O_RDONLY | constants.O_NOFOLLOW);
      const content = await whole(handle);
      return { path, mode: modeOf(found), size: content.length, content };
    }
    const entry = found === undefined ? await this.#leftOut(path) : undefined;
    if (entry === undefined) throw new OperationError("path_not_found", { path });
    const { git, view } = this.#options;
    const info = await git.objects.info(view, entry.oid);
    refuseLarge(info?.size ?? 0, bytesMax);
    const blob = await git.objects.read(view, entry.oid);
    if (blob === undefined) throw new OperationError("object_not_found", { oid: entry.oid });
    return { path, mode: entry.mode, size: blob.size, content: blob.content };
  }

  async write(path: GitPath, content: Uint8Array, mode?: FileMode): Promise<SessionFile> {
    const { isLazy, temporaryDir, view, announced } = this.#options;
    const standing = this.#lookAt(path, "for writing");
    if (standing?.isDirectory() === true) throw new OperationError("path_exists", { path, type: "directory" });
    const before = standing === undefined ? undefined : modeOf(standing);
    const wanted = mode ?? before ?? (await this.#leftOut(path))?.mode ?? MODE_BLOB;
    if (wanted === MODE_SYMLINK) refuseTarget(content);
    if (standing === undefined) await this.#refusePlaceOfIndex(path);
    const written = Buffer.from(`${temporaryDir}/${randomBytes(8).toString("hex")}`);
    const touched = this.#makeFolders(path);
    try {
      await together([
        wanted === MODE_SYMLINK
          ? symlinkSync(Buffer.from(content), written)
          : writeFlushed(written, content, { mode: wanted === MODE_EXECUTABLE ? 0o755 : 0o644 }),
        isLazy ? new SparsePatterns(view.gitDir, temporaryDir).add([path]) : undefined,
        announced,
      ]);
      renameSync(written, this.#place(path));
    } catch (error) {
      rmSync(written, { force: true });
      throw error;
    }
    await together(touched.map(flush));
    return { path, mode: wanted, size: content.length };
  }

  async remove(path: GitPath): Promise<void> {
    const { git, view, isLazy, temporaryDir, announced } = this.#options;
    await announced;
    const standing = this.#lookAt(path);
    const below = isLazy ? await this.#below(path) : [];
    if (standing === undefined && !below.some((entry) => entry.isLeftOut))
      throw new OperationError("path_not_found", { path });
    if (below.length > 0) {
      // Also what is there: its skip-worktree bit may stand as long as it is, and would have the file left out then, not deleted.
      const paths = below.map((entry) => entry.path);
      await new SparsePatterns(view.gitDir, temporaryDir).add(paths);
      await git.worktree.include(view, paths);
    }
    if (standing === undefined) return;
    const place = this.#place(path);
    if (standing.isDirectory()) rmSync(place, { recursive: true });
    else unlinkSync(place);
    await this.#removeEmptyFolders(path);
  }

  async *list(path: GitPath, after?: GitPath): AsyncGenerator<SessionFile[]> {
    const { view, git, isLazy } = this.#options;
    const found = path === "" ? lstatSync(this.#place("")) : this.#lookAt(path);
    const all = listWorktree({ view, git, isLazy, folder: path, after }, this.#onDisk(path, found, after));
    let batch: SessionFile[] = [];
    let next = await all.next();
    for (; next.done !== true; next = await all.next()) {
      batch.push("oid" in next.value ? await this.#sized(next.value) : next.value);
      if (batch.length < BATCH_MAX) continue;
      yield batch;
      batch = [];
    }
    if (path !== "" && !next.value && found === undefined) throw new OperationError("path_not_found", { path });
    if (batch.length > 0) yield batch;
  }

  #onDisk(path: GitPath, found: Stats | undefined, after: GitPath | undefined): Iterable<SessionFile | undefined> {
    if (found?.isDirectory() === true) return walkFolder(this.#options.view.workTree, path, after);
    const isAsked = found !== undefined && (after === undefined || compareByteStrings(path, after) > 0);
    return isAsked ? [{ path, mode: modeOf(found), size: found.size }] : [];
  }

  /** Sizes of what only the index has are looked up one by one: only of those that are asked for. */
  async #sized({ path, mode, oid }: IndexEntry): Promise<SessionFile> {
    const { git, view } = this.#options;
    return { path, mode, size: (await git.objects.info(view, oid))?.size ?? 0 };
  }

  #place(path: GitPath): Buffer {
    return Buffer.concat([Buffer.from(`${this.#options.view.workTree}/`), fromByteString(path)]);
  }

  /** What is at a path, its folders being folders; undefined when nothing is. */
  #lookAt(path: GitPath, forWriting?: "for writing"): Stats | undefined {
    if (path === "" || path.includes("\0") || path.split("/").some(isNoName))
      throw new OperationError("invalid_path", { path, problem: "invalid" });
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const above = parts.slice(0, depth).join("/");
      const stats = lstatSync(this.#place(above), { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      if (stats.isDirectory()) continue;
      if (forWriting === undefined) return undefined;
      throw new OperationError("path_exists", { path: above, type: "file" });
    }
    return lstatSync(this.#place(path), { throwIfNoEntry: false });
  }

  /** The entry of a file that only the index has. */
  async #leftOut(path: GitPath): Promise<IndexEntry | undefined> {
    if (!this.#options.isLazy) return undefined;
    const entry = (await this.#below(path)).find((each) => each.path === path);
    return entry?.isLeftOut === true && entry.type === "blob" ? entry : undefined;
  }

  async #below(path: GitPath): Promise<IndexEntry[]> {
    const entries: IndexEntry[] = [];
    for await (const batch of this.#options.git.worktree.listIndex(this.#options.view, path)) entries.push(...batch);
    return entries;
  }

  /**
   * A file where the index has a folder, or below what it has as a file, would hide what is left out; and below a submodule git would never commit
   * it.
   */
  async #refusePlaceOfIndex(path: GitPath): Promise<void> {
    const { view, git, isLazy } = this.#options;
    const leftOut = isLazy ? (await this.#below(path)).filter((entry) => entry.isLeftOut) : [];
    if (leftOut.some((entry) => entry.path !== path))
      throw new OperationError("path_exists", { path, type: "directory" });
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const above = parts.slice(0, depth).join("/");
      // A folder that holds files is one in the index as well.
      if (this.#isFilledFolder(above, parts.slice(0, depth + 1).join("/"))) continue;
      const entry = await git.worktree.readFromIndex(view, above);
      if (entry?.type === "commit") throw new OperationError("path_exists", { path: above, type: "submodule" });
      if (entry?.isLeftOut === true) throw new OperationError("path_exists", { path: above, type: "file" });
    }
  }

  /** Asked about what it may hold first: a folder with many names is read only where that is missing. */
  #isFilledFolder(path: GitPath, below: GitPath): boolean {
    const isThere = (each: GitPath) => lstatSync(this.#place(each), { throwIfNoEntry: false }) !== undefined;
    return isThere(below) || (isThere(path) && readdirSync(this.#place(path)).length > 0);
  }

  /** Makes the folders above a path; answers those whose entries change. */
  #makeFolders(path: GitPath): Buffer[] {
    const parts = path.split("/");
    const touched: Buffer[] = [];
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = this.#place(parts.slice(0, depth).join("/"));
      if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) continue;
      mkdirSync(folder, 0o755);
      touched.push(this.#place(parts.slice(0, depth - 1).join("/")));
    }
    return [...touched, this.#place(parts.slice(0, -1).join("/"))];
  }

  async #removeEmptyFolders(path: GitPath): Promise<void> {
    const parts = path.split("/");
    for (let depth = parts.length - 1; depth > 0; depth--) {
      try {
        rmdirSync(this.#place(parts.slice(0, depth).join("/")));
      } catch (error) {
        if ((error as { code?: string }).code === "ENOTEMPTY") break;
        throw error;
      }
    }
    let nearest = parts.length - 1;
    while (
      nearest > 0 &&
      lstatSync(this.#place(parts.slice(0, nearest).join("/")), { throwIfNoEntry: false }) === undefined
    )
      nearest--;
    await flush(this.#place(parts.slice(0, nearest).join("/")));
  }
}

const isNoName = (name: string): boolean =>
  name === "" || name === "." || name === ".." || name.toLowerCase() === ".git";

function refuseTarget(target: Uint8Array): void {
  const invalid = (problem: string) => new OperationError("invalid_input", { field: "content", problem });
  if (target.length === 0 || target.includes(0)) throw invalid("can be no target of a symbolic link");
  if (target.length > LINK_BYTES_MAX) throw invalid(`has more than ${LINK_BYTES_MAX} bytes`);
}

function refuseLarge(sizeBytes: number, limitBytes: number): void {
  if (sizeBytes > limitBytes) throw new OperationError("too_large", { what: "file", sizeBytes, limitBytes });
}

async function whole(handle: FileHandle): Promise<Uint8Array> {
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Waits for all of them, whatever becomes of one; throws what the first one failed with. */
async function together(work: readonly unknown[]): Promise<void> {
  for (const done of await Promise.allSettled(work)) if (done.status === "rejected") throw done.reason;
}
