import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitObject, GitPath, ObjectInfo, ObjectType, TreeEdit } from "../../domain/git-object.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { ObjectsFacet, PeelTarget, QuarantinedView, RepositoryView } from "../backend.ts";
import type { CoreFunctions, HeaderNumber, ObjectFunctions } from "./addon.ts";
import type { HistoryFunctions } from "./history-functions.ts";
import { listBlobs } from "./list-blobs.ts";
import { listTree } from "./list-tree.ts";
import { packEdits } from "./pack-edits.ts";
import { headerAt, OBJECT_TYPES } from "./object-header.ts";
import { packOids } from "./pack-oids.ts";
import { PackedAnswers } from "./packed-answers.ts";
import { checkView, runJob, runNow } from "./run-job.ts";
import { streamBlob } from "./stream-blob.ts";
import { unsupportedFacet } from "./unsupported-facet.ts";
import { hasAddonCode } from "./translate-error.ts";
import { createTreeFiles } from "./tree-files.ts";

type ObjectsAddon = CoreFunctions & ObjectFunctions & HistoryFunctions;

/** Numbers of peel targets, as native/revision.h counts them. */
const PEEL: Readonly<Record<PeelTarget, number>> = { object: 0, commit: 1, tree: 2, blob: 3, tag: 4 };

/** Contents that are hashed on this thread; larger ones go to another. */
const WRITE_NOW_BYTES_MAX = 32 * 1024;
const EDIT_NOW_MAX = 16;
/** Objects, and bytes of them, that are read on this thread in one go. */
const READ_MANY_NOW_MAX = 32;
const READ_MANY_NOW_BYTES_MAX = 256 * 1024;
const READ_MANY_BYTES_MAX = 8 * 1024 * 1024;

/** What is kept of ids that revisions have led to, and of small blobs. */
const TEXTS_BYTES_MAX = 512 * 1024;
const BLOBS_BYTES_MAX = 1 * 1024 * 1024;
/** Objects through libgit2's object database. */
export function createObjects(addon: ObjectsAddon): ObjectsFacet {
  // The library looks for nothing in files.
  const { grep } = unsupportedFacet<ObjectsFacet>("objects");
  const texts = new PackedAnswers<string>(addon, TEXTS_BYTES_MAX, (text) => text.length);
  const blobs = new PackedAnswers<Buffer>(addon, BLOBS_BYTES_MAX, (blob) => blob.byteLength);
  return {
    grep,
    ...createTreeFiles(addon),

    async resolve(view: RepositoryView, revision: ByteString, peel: PeelTarget = "object") {
      checkView(view);
      const target = PEEL[peel];
      const start = () => addon.resolve(view.gitDir, view.quarantineDir, revision, target);
      const now = () => addon.resolveSync(view.gitDir, view.quarantineDir, revision, target);
      // Names move, ids do not.
      const key = isOid(revision, "sha1") ? texts.key(view, `${revision}^${target}`) : undefined;
      if (key === undefined) return await runNow(addon, view, now, start);
      return texts.get(key) ?? (await runNow(addon, view, () => texts.ask(key, now), start));
    },

    async info(view: RepositoryView, oid: Oid): Promise<ObjectInfo | undefined> {
      checkView(view);
      if (!isOid(oid, "sha1")) return undefined;
      const header = await runNow(
        addon,
        view,
        () => addon.objectInfoSync(view.gitDir, view.quarantineDir, oid),
        () => addon.objectInfo(view.gitDir, view.quarantineDir, oid),
      );
      return header === undefined ? undefined : infoOf(oid, header);
    },

    async read(view: RepositoryView, oid: Oid, bytesMax?: number): Promise<GitObject | undefined> {
      checkView(view);
      if (!isOid(oid, "sha1")) return undefined;
      const key = blobs.key(view, `${oid}:${bytesMax}`);
      const known = key === undefined ? undefined : blobs.get(key);
      const answer = known ?? (await readObject(addon, view, oid, bytesMax, blobs, key));
      if (answer === undefined) return undefined;
      if (Array.isArray(answer)) return { ...infoOf(oid, answer[0]), content: answer[1] };
      return { ...infoOf(oid, headerAt(answer, 0)), content: answer.subarray(8) };
    },

    async readMany(view: RepositoryView, oids: readonly Oid[]) {
      checkView(view);
      return await readMany(addon, view, oids);
    },

    stream(view: RepositoryView, oid: Oid, bytesMax?: number) {
      return streamBlob(addon, view, oid, bytesMax);
    },

    listTree(view: RepositoryView, treeish: Oid, options: { recursive: boolean; prefix?: GitPath }) {
      return listTree(addon, view, treeish, options);
    },

    listBlobs(view: RepositoryView, revisions: readonly ByteString[], blobsMax?: number) {
      return listBlobs(addon, view, revisions, blobsMax);
    },

    async write(view: QuarantinedView, type: ObjectType, content: Uint8Array): Promise<Oid> {
      checkView(view);
      const start = () => addon.objectWrite(view.gitDir, view.quarantineDir, type, content);
      if (content.length > WRITE_NOW_BYTES_MAX) return await runJob(addon, view, start);
      return await runNow(
        addon,
        view,
        () => addon.objectWriteSync(view.gitDir, view.quarantineDir, type, content),
        start,
      );
    },

    async editTree(view: QuarantinedView, base: Oid | undefined, edits: readonly TreeEdit[]): Promise<Oid> {
      checkView(view);
      const packed = packEdits(edits);
      const start = () => addon.treeEdit(view.gitDir, view.quarantineDir, base, packed);
      try {
        if (edits.length > EDIT_NOW_MAX) return await runJob(addon, view, start);
        return await runNow(
          addon,
          view,
          () => addon.treeEditSync(view.gitDir, view.quarantineDir, base, packed),
          start,
        );
      } catch (error) {
        const cause = error instanceof OperationError ? error.cause : undefined;
        if (!hasAddonCode(cause, "invalid")) throw error;
        throw new OperationError("invalid_path", { path: cause.subject ?? "", problem: "invalid" }, { cause });
      }
    },
  };
}

/** Reads an object that is not known, and keeps it where it has a key. */
function readObject(
  addon: ObjectsAddon,
  view: RepositoryView,
  oid: Oid,
  bytesMax: number | undefined,
  blobs: PackedAnswers<Buffer>,
  key: string | undefined,
): Promise<Buffer | [HeaderNumber, Buffer] | undefined> {
  const now = () => addon.objectReadSync(view.gitDir, view.quarantineDir, oid, bytesMax);
  return runNow<Buffer | [HeaderNumber, Buffer] | undefined>(
    addon,
    view,
    key === undefined ? now : () => blobs.ask(key, now),
    () => addon.objectRead(view.gitDir, view.quarantineDir, oid, bytesMax),
  );
}

function infoOf(oid: Oid, header: HeaderNumber): ObjectInfo {
  return { oid, type: OBJECT_TYPES[header % 8]!, size: Math.floor(header / 8) };
}

async function readMany(
  addon: ObjectsAddon,
  view: RepositoryView,
  oids: readonly Oid[],
): Promise<(GitObject | undefined)[]> {
  const { gitDir, quarantineDir } = view;
  const objects: (GitObject | undefined)[] = new Array<undefined>(oids.length).fill(undefined);
  const known = oids.flatMap((oid, index) => (isOid(oid, "sha1") ? [index] : []));
  const packed = packOids(known.map((index) => oids[index]!));
  let done = 0;
  while (done < known.length) {
    const rest = packed.subarray(done * 20);
    const few = known.length - done <= READ_MANY_NOW_MAX;
    const start = () => addon.objectReadMany(gitDir, quarantineDir, rest, READ_MANY_BYTES_MAX);
    const bytes: Buffer = few
      ? await runNow(
          addon,
          view,
          () => addon.objectReadManySync(gitDir, quarantineDir, rest, READ_MANY_NOW_BYTES_MAX),
          start,
        )
      : await runJob(addon, view, start);
    for (let at = 0; at < bytes.length; done++) {
      const header = headerAt(bytes, at);
      at += 8;
      if (header === 0) continue;
      const info = infoOf(oids[known[done]!]!, header);
      objects[known[done]!] = { ...info, content: bytes.subarray(at, at + info.size) };
      at += info.size;
    }
  }
  return objects;
}
