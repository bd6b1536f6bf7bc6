import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { RepositoryView } from "../backend.ts";
import type { CoreFunctions, ObjectFunctions } from "./addon.ts";
import { checkView, runJob } from "./run-job.ts";
import { translateError } from "./translate-error.ts";

const CHUNK_BYTES = 128 * 1024;

/**
 * Gives a blob's content in chunks. A blob of more than one chunk stands whole in the addon's memory while it is streamed, since
 * libgit2 can only unpack a packed object in one go; each chunk is a copy, so that the memory is given back at the end of the
 * stream and not when the garbage collector comes.
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
  if (small !== null) {
    if (small.length > 8) yield small.subarray(8);
    return;
  }
  const opened = await runJob(addon, view, () => addon.blobOpen(gitDir, quarantineDir, oid));
  if (opened === undefined) throw new OperationError("object_not_found", { oid });
  const [header, blob] = opened;
  try {
    const end = Math.min(bytesMax, Math.floor(header / 8));
    for (let at = 0; at < end; at += CHUNK_BYTES) {
      if (view.signal?.aborted === true) throw new OperationError("canceled", {});
      yield addon.blobChunk(blob, at, Math.min(CHUNK_BYTES, end - at));
    }
  } finally {
    addon.blobClose(blob);
  }
}

function now<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translateError(error);
  }
}
