import type { ByteString } from "../../domain/bytes.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import type { GitObject, GitPath, ObjectInfo, ObjectType, TreeEntry, TreeFile } from "../../domain/git-object.ts";
import { isOid, OID_HEX_LENGTH, type Oid } from "../../domain/oid.ts";
import type { GrepQuery, ObjectsFacet, PeelTarget, QuarantinedView, RepositoryView } from "../backend.ts";
import type { CatFile } from "./cat-file.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import { editTree } from "./edit-tree.ts";
import { grep } from "./grep.ts";
import { listBlobs } from "./list-blobs.ts";
import { nullRecords } from "./null-records.ts";
import { parseTree } from "../parse-tree.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";
import { canBePath } from "./tree-path.ts";

/** Objects read in one go by `readMany`, so that few answers wait in pipes. */
const READ_MANY_MAX = 64;
const LIST_TREE_BATCH_MAX = 1000;

/** Objects through warm `cat-file` processes; listings and writes through runs of their own. */
export function createObjects(runner: GitRunner, pool: CatFilePool): ObjectsFacet {
  const { objectBytesMax } = runner.limits;

  const contents = (view: RepositoryView, name: ByteString, bytesMax?: number) =>
    pool.use(view, (process) => process.contents(name, objectBytesMax, bytesMax));

  async function treeEntry(view: RepositoryView, treeish: Oid, path: GitPath): Promise<TreeEntry | undefined> {
    if (!isOid(treeish, view.objectFormat) || !canBePath(path)) return undefined;
    const slash = path.lastIndexOf("/");
    const tree = await contents(view, `${treeish}:${path.slice(0, Math.max(slash, 0))}`);
    if (tree?.type !== "tree") return undefined;
    const name = path.slice(slash + 1);
    for (const entry of parseTree(tree.content, OID_HEX_LENGTH[view.objectFormat] / 2)) {
      if (entry.path === name) return { ...entry, path };
    }
    return undefined;
  }

  return {
    treeEntry,

    grep: (view: RepositoryView, treeish: Oid, query: GrepQuery) => grep(runner, view, treeish, query),

    async resolve(view: RepositoryView, revision: ByteString, peel: PeelTarget = "object") {
      if (!canBeRevision(revision)) return undefined;
      try {
        return await pool.use(view, (process) => resolve(process, revision, peel));
      } catch (error) {
        // Some names that mean nothing end the process instead of being answered as missing.
        if (hasReason(error, "object_corrupt") && NAMES_NOTHING.test(String(error.context["stderr"]))) return undefined;
        throw error;
      }
    },

    async info(view: RepositoryView, oid: Oid): Promise<ObjectInfo | undefined> {
      if (!isOid(oid, view.objectFormat)) return undefined;
      return await pool.use(view, (process) => process.info(oid));
    },

    async read(view: RepositoryView, oid: Oid, bytesMax?: number): Promise<GitObject | undefined> {
      if (!isOid(oid, view.objectFormat)) return undefined;
      return await contents(view, oid, bytesMax);
    },

    async readMany(view: RepositoryView, oids: readonly Oid[]) {
      return await pool.use(view, async (process) => {
        const objects: (GitObject | undefined)[] = new Array<undefined>(oids.length).fill(undefined);
        const known = oids.flatMap((oid, index) => (isOid(oid, view.objectFormat) ? [index] : []));
        for (let at = 0; at < known.length; at += READ_MANY_MAX) {
          const indexes = known.slice(at, at + READ_MANY_MAX);
          const read = await process.contentsOfMany(
            indexes.map((index) => oids[index]!),
            objectBytesMax,
          );
          indexes.forEach((index, i) => (objects[index] = read[i]));
        }
        return objects;
      });
    },

    async *stream(view: RepositoryView, oid: Oid, bytesMax?: number) {
      if (!isOid(oid, view.objectFormat)) throw new OperationError("object_not_found", { oid });
      const lease = await pool.lease(view);
      try {
        const opened = await lease.process.open(oid, bytesMax);
        if (opened === undefined) throw new OperationError("object_not_found", { oid });
        yield* opened.chunks;
      } catch (error) {
        throw view.signal?.aborted === true ? new OperationError("canceled", {}, { cause: error }) : error;
      } finally {
        await lease.release();
      }
    },

    async readFile(
      view: RepositoryView,
      treeish: Oid,
      path: GitPath,
      bytesMax?: number,
    ): Promise<TreeFile | undefined> {
      const entry = await treeEntry(view, treeish, path);
      if (entry === undefined || entry.type !== "blob") return entry && { entry };
      const blob = await contents(view, entry.oid, bytesMax);
      if (blob === undefined) return undefined;
      return blob.type === "blob" ? { entry, size: blob.size, content: blob.content } : { entry };
    },

    async *listTree(view: RepositoryView, treeish: Oid, options: { recursive: boolean; prefix?: GitPath }) {
      if (!isOid(treeish, view.objectFormat)) throw new OperationError("object_not_found", { oid: treeish });
      const prefix = options.prefix ?? "";
      if (options.recursive) {
        yield* listRecursively(runner, view, treeish, prefix);
        return;
      }
      const tree = await contents(view, `${treeish}^{tree}`);
      if (tree === undefined) throw new OperationError("object_not_found", { oid: treeish });
      let batch: TreeEntry[] = [];
      for (const entry of parseTree(tree.content, OID_HEX_LENGTH[view.objectFormat] / 2)) {
        batch.push({ ...entry, path: prefix + entry.path });
        if (batch.length < LIST_TREE_BATCH_MAX) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    },

    listBlobs: (view, revisions, blobsMax) => listBlobs(runner, view, revisions, blobsMax),

    async write(view: QuarantinedView, type: ObjectType, content: Uint8Array): Promise<Oid> {
      const { stdout } = await runner.run(view, { command: "hashObject", flags: ["-t", type], stdin: content });
      return stdout.toString("latin1").trimEnd();
    },

    editTree: (view, base, edits) => editTree(runner, pool, view, base, edits),
  };
}

async function resolve(process: CatFile, revision: ByteString, peel: PeelTarget): Promise<Oid | undefined> {
  if (!revision.includes(":")) return (await process.info(`${revision}^{${peel}}`))?.oid;
  // What follows a colon is a path or a text, and would take the suffix in.
  const info = await process.info(revision);
  return info === undefined || peel === "object" ? info?.oid : (await process.info(`${info.oid}^{${peel}}`))?.oid;
}

async function* listRecursively(
  runner: GitRunner,
  view: RepositoryView,
  treeish: Oid,
  prefix: GitPath,
): AsyncGenerator<TreeEntry[]> {
  try {
    for await (const records of nullRecords(
      runner.stream(view, { command: "listTree", flags: ["-r"], operands: [treeish] }),
    )) {
      yield records.map((record) => parseListing(record, prefix));
    }
  } catch (error) {
    if (/not a tree object|Not a valid object name/.test(stderrOf(error) ?? "")) {
      throw new OperationError("object_not_found", { oid: treeish }, { cause: error });
    }
    throw error;
  }
}

/** One record of `git ls-tree -z`: mode, type, id, tab, path. */
function parseListing(record: ByteString, prefix: GitPath): TreeEntry {
  const tab = record.indexOf("\t");
  const [mode, type, oid] = record.slice(0, tab).split(" ");
  return {
    mode: Number.parseInt(mode!, 8),
    type: type as TreeEntry["type"],
    oid: oid!,
    path: prefix + record.slice(tab + 1),
  };
}

/** Complaints about the name, not about an object; git ends `cat-file` over them. */
const NAMES_NOTHING = /^fatal: (?:relative path syntax|.*upstream|.*reflog|log for|invalid|no such branch)/m;

/**
 * Can git be asked about this name at all? A NUL ends a request; `:/text` searches every reference, also those that nobody is
 * shown, and `:path` an index that a bare repository does not have.
 */
function canBeRevision(revision: ByteString): boolean {
  return revision !== "" && !revision.includes("\0") && !revision.startsWith(":");
}
