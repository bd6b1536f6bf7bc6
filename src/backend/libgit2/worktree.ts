import { createHash } from "node:crypto";
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { fromByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import {
  type GitPath,
  MODE_BLOB,
  MODE_EXECUTABLE,
  MODE_SYMLINK,
  MODE_TREE,
  type ObjectType,
  typeOfMode,
} from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { type NamedObject, nameObject, writeLooseObject, writeNamedObject } from "../loose-object.ts";
import type { IndexEntry, WorktreeFacet, WorktreeView } from "../worktree-facet.ts";
import type { CoreFunctions } from "./addon.ts";
import { type CachedTree, forgetPath } from "./cache-tree.ts";
import { type EntryStat, type IndexEdit, IndexFile, unsupported } from "./index-file.ts";
import { checkView, runJob } from "./run-job.ts";
import { unsupportedFacet } from "./unsupported-facet.ts";

const BATCH_MAX = 1000;
/** Files that are staged one by one here; more at once git does as well. */
const STAGED_MAX = 16;
const STAGED_BYTES_MAX = 8 * 1024 * 1024;
/** So many folders are written anew each time before it is worth to write down what their trees are. */
const FORGOTTEN_MAX = 8;

/** What is needed of the objects: whether they are there. */
type HasObject = (view: WorktreeView, oid: Oid) => Promise<boolean>;

/** The common steps of writing a file, staging it and committing, without a process; all else is left to git. */
export function createWorktree(addon: CoreFunctions, has: HasObject): WorktreeFacet {
  return unsupportedFacet<WorktreeFacet>("worktree", {
    async flush(view: WorktreeView) {
      checkView(view);
      await runJob(addon, view, () => addon.flushFileSystem(view.workTree));
    },

    async *listIndex(view: WorktreeView, path: GitPath) {
      checkView(view);
      const index = IndexFile.read(view.gitDir, view.objectFormat);
      let batch: IndexEntry[] = [];
      for (const position of entriesAt(index, path)) {
        if (index.stageAt(position) !== 0) continue;
        batch.push(entryOf(index, position, view));
        if (batch.length < BATCH_MAX) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    },

    async readFromIndex(view: WorktreeView, path: GitPath) {
      checkView(view);
      const index = IndexFile.read(view.gitDir, view.objectFormat);
      const position = index.lowerBound(path);
      if (index.pathAt(position) !== path || index.stageAt(position) !== 0) return undefined;
      return entryOf(index, position, view);
    },

    async writeObject(view: WorktreeView, type: ObjectType, content: Uint8Array) {
      checkView(view);
      return await writeLooseObject(join(view.gitDir, "objects"), view.objectFormat, type, content, {
        durable: false,
      });
    },

    async stage(view: WorktreeView, paths?: readonly GitPath[]) {
      checkView(view);
      if (paths === undefined || paths.length === 0 || paths.length > STAGED_MAX)
        throw unsupported("staging a whole worktree");
      const index = IndexFile.read(view.gitDir, view.objectFormat);
      if (convertsFiles(index, view, paths)) throw unsupported("staging where attributes say how");
      const edits: IndexEdit[] = [];
      const blobs: NamedObject[] = [];
      const changed: GitPath[] = [];
      for (const path of [...new Set(paths)].sort()) {
        const from = index.lowerBound(path);
        let to = from;
        while (index.pathAt(to) === path) to++;
        refuseFolders(index, path);
        const file = readPlainFile(view, path);
        if (file === undefined) {
          // It is deleted; or left out, or never was there.
          if (to === from || index.isSkippedAt(from)) throw unsupported("staging what is not there");
          edits.push({ from, to });
        } else {
          const blob = nameObject(view.objectFormat, "blob", file.content);
          blobs.push(blob);
          edits.push({ from, to, entry: index.format(path, file.mode, blob.oid, file.stat) });
        }
        changed.push(path);
      }
      for (const path of changed) forgetPath(index.tree, path);
      const objectsDir = join(view.gitDir, "objects");
      // They are flushed beside the index, which comes to its place after them.
      await index.write(view.gitDir, edits, async () => {
        await Promise.all(blobs.map((blob) => writeNamedObject(objectsDir, blob, { durable: true })));
      });
    },

    async writeTree(view: WorktreeView) {
      checkView(view);
      const index = IndexFile.read(view.gitDir, view.objectFormat);
      if (index.hasConflicts) throw new OperationError("index_unmerged", { paths: unmergedOf(index) });
      const writer = new TreeWriter(index, view, has);
      const oid = await writer.write();
      if (writer.written > FORGOTTEN_MAX) await index.write(view.gitDir, []);
      return oid;
    },
  });
}

/** Writes the trees of folders in which something has changed. */
class TreeWriter {
  readonly #index: IndexFile;
  readonly #view: WorktreeView;
  readonly #has: HasObject;
  written = 0;

  constructor(index: IndexFile, view: WorktreeView, has: HasObject) {
    this.#index = index;
    this.#view = view;
    this.#has = has;
  }

  async write(): Promise<Oid> {
    const { count, tree } = this.#index;
    if (count === 0) return await this.#writeTree(Buffer.alloc(0));
    return (await this.#folder(tree, 0, 0, count)).oid;
  }

  /** Writes the folder whose entries begin at `from`; their paths begin with the folder's, of `prefix` bytes. */
  async #folder(tree: CachedTree, prefix: number, from: number, limit: number): Promise<{ oid: Oid; to: number }> {
    if (tree.oid !== undefined && tree.entryCount >= 0) return { oid: tree.oid, to: from + tree.entryCount };
    const start = this.#index.pathAt(from)!.slice(0, prefix);
    const lines: Buffer[] = [];
    const folders: CachedTree[] = [];
    let at = from;
    while (at < limit) {
      const path = this.#index.pathAt(at)!;
      if (!path.startsWith(start)) break;
      const slash = path.indexOf("/", prefix);
      const name = slash < 0 ? path.slice(prefix) : path.slice(prefix, slash);
      if (slash < 0) {
        lines.push(treeLine(this.#index.modeAt(at), name, this.#index.oidAt(at)));
        at++;
        continue;
      }
      const known = tree.folders.find((folder) => folder.name === name);
      const folder = known ?? { name, entryCount: -1, oid: undefined, folders: [] };
      const { oid, to } = await this.#folder(folder, slash + 1, at, limit);
      lines.push(treeLine(MODE_TREE, name, oid));
      folders.push(folder);
      at = to;
    }
    const oid = await this.#writeTree(Buffer.concat(lines));
    tree.entryCount = at - from;
    tree.oid = oid;
    // Git looks them up by length, then by bytes.
    folders.sort((a, b) => a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
    tree.folders.splice(0, tree.folders.length, ...folders);
    return { oid, to: at };
  }

  async #writeTree(content: Buffer): Promise<Oid> {
    this.written++;
    const oid = createHash("sha1").update(`tree ${content.length}\0`).update(content).digest("hex");
    if (await this.#has(this.#view, oid)) return oid;
    return await writeLooseObject(join(this.#view.gitDir, "objects"), this.#view.objectFormat, "tree", content, {
      durable: false,
    });
  }
}

const treeLine = (mode: number, name: string, oid: Oid): Buffer =>
  Buffer.concat([Buffer.from(`${mode.toString(8)} ${name}\0`, "latin1"), Buffer.from(oid, "hex")]);

function entryOf(index: IndexFile, position: number, { workTree }: WorktreeView): IndexEntry {
  const path = index.pathAt(position)!;
  const mode = index.modeAt(position);
  const isLeftOut =
    index.isSkippedAt(position) && lstatSync(placeOf(workTree, path), { throwIfNoEntry: false }) === undefined;
  return { path, mode, type: typeOfMode(mode), oid: index.oidAt(position), isLeftOut };
}

function unmergedOf(index: IndexFile): GitPath[] {
  const positions = Array.from({ length: index.count }, (_, position) => position);
  return [...new Set(positions.filter((at) => index.stageAt(at) !== 0).map((at) => index.pathAt(at)!))];
}

/** Positions of the entries at and below a path. */
function* entriesAt(index: IndexFile, path: GitPath): Generator<number> {
  if (path === "") {
    for (let at = 0; at < index.count; at++) yield at;
    return;
  }
  for (let at = index.lowerBound(path); index.pathAt(at) === path; at++) yield at;
  const folder = `${path}/`;
  for (let at = index.lowerBound(folder); index.pathAt(at)?.startsWith(folder) === true; at++) yield at;
}

/** What takes the place of a folder, or of a file above it, is left to git. */
function refuseFolders(index: IndexFile, path: GitPath): void {
  const folder = `${path}/`;
  if (index.pathAt(index.lowerBound(folder))?.startsWith(folder) === true) throw unsupported("staging a folder");
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const above = path.slice(0, slash);
    if (index.pathAt(index.lowerBound(above)) === above) throw unsupported("staging in place of a file");
  }
}

/** May attributes change what is in a file on its way into the index (gitattributes(5))? */
function convertsFiles(index: IndexFile, { gitDir, workTree }: WorktreeView, paths: readonly GitPath[]): boolean {
  if (existsSync(join(gitDir, "info/attributes"))) return true;
  if (index.hasPathEnding(".gitattributes")) return true;
  return paths.some((path) => {
    const folders = path.split("/").slice(0, -1);
    return [[], ...folders.map((_, depth) => folders.slice(0, depth + 1))].some((above) =>
      existsSync(placeOf(workTree, [...above, ".gitattributes"].join("/"))),
    );
  });
}

/** A file and what stat says of it, its folders being folders; undefined when nothing is there. */
function readPlainFile({ workTree }: WorktreeView, path: GitPath) {
  const parts = path.split("/");
  for (let depth = 1; depth < parts.length; depth++) {
    const above = lstatSync(placeOf(workTree, parts.slice(0, depth).join("/")), { throwIfNoEntry: false });
    if (above === undefined) return undefined;
    if (!above.isDirectory()) throw unsupported("staging beyond a link");
  }
  const place = placeOf(workTree, path);
  const stat = lstatSync(place, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isSymbolicLink()) return { mode: MODE_SYMLINK, stat, content: readlinkSync(place, { encoding: "buffer" }) };
  if (!stat.isFile() || stat.size > STAGED_BYTES_MAX) throw unsupported("staging what is no small file");
  const fd = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const found: EntryStat & { readonly mode: bigint } = fstatSync(fd, { bigint: true });
    const mode = (found.mode & 0o100n) === 0n ? MODE_BLOB : MODE_EXECUTABLE;
    return { mode, stat: found, content: readFileSync(fd) };
  } finally {
    closeSync(fd);
  }
}

const placeOf = (workTree: string, path: GitPath): Buffer =>
  Buffer.concat([Buffer.from(`${workTree}/`), fromByteString(path)]);
