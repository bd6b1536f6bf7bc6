import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { RepositoryView } from "../backend.ts";
import type { CoreFunctions, ObjectFunctions } from "./addon.ts";
import { checkView, runJob } from "./run-job.ts";
import { translateError } from "./translate-error.ts";

const CHUNK_BYTES = 128 * 1024;

/**
 * Gives a blob's content in chunks. A blob that stands whole in a pack or a file is inflated chunk by chunk; one that is a delta
 * has to be unpacked in one go, and stands in the addon's memory until the stream ends.
 */
export async function* streamBlob(
  addon: CoreFunctions & ObjectFunctions,
  view: RepositoryView,
  oid: Oid,
  bytesMax = Infinity,
): AsyncGenerator<Uint8Array> {
  checkView(view);
  if (!isOid(oid, "sha1")) throw new OperationError("object_not_found", { oid });
  const { gitDir, quarantineDir } = view;
  const small = now(() => addon.objectReadSync(gitDir, quarantineDir, oid, Math.min(bytesMax, CHUNK_BYTES)));
  if (small === undefined) throw new OperationError("object_not_found", { oid });
  // Of a larger one this is the beginning.
  if (small !== null && small.length - 8 >= Math.min(bytesMax, sizeOf(small))) {
    if (small.length > 8) yield small.subarray(8);
    return;
  }
  const opened = await runJob(addon, view, () => addon.blobOpen(gitDir, quarantineDir, oid));
  if (opened === undefined) throw new OperationError("object_not_found", { oid });
  const [header, blob] = opened;
  try {
    const end = Math.min(bytesMax, Math.floor(header / 8));
    for (let at = 0; at < end; at += CHUNK_BYTES) {
      yield await runJob(addon, view, () => addon.blobRead(blob, Math.min(CHUNK_BYTES, end - at)));
    }
  } finally {
    addon.blobClose(blob);
  }
}

/** The size of the object, above three bits that tell its type. */
const sizeOf = (header: Buffer): number => Math.floor((header.readUInt32LE(0) + header.readUInt32LE(4) * 2 ** 32) / 8);

function now<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translateError(error);
  }
}
