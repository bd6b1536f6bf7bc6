import type { ByteString } from "../../domain/bytes.ts";
import { OID_HEX_LENGTH } from "../../domain/oid.ts";
import type { ListedBlob, RepositoryView } from "../backend.ts";
import type { CoreFunctions } from "./addon.ts";
import type { HistoryFunctions, PackedBlobs } from "./history-functions.ts";
import { packTexts } from "./pack-texts.ts";
import { revisionError } from "./revision-error.ts";
import { checkView, runJob } from "./run-job.ts";

const FIRST_BATCH_MAX = 200;
const BATCH_MAX = 2000;
const OID_LENGTH = OID_HEX_LENGTH.sha1;

/** Blobs that revisions reach, each once, commit by commit; at most `blobsMax`. */
export async function* listBlobs(
  addon: CoreFunctions & HistoryFunctions,
  view: RepositoryView,
  revisions: readonly ByteString[],
  blobsMax = Infinity,
): AsyncGenerator<ListedBlob[]> {
  checkView(view);
  const packed = packTexts(revisions);
  const first = Math.min(FIRST_BATCH_MAX, blobsMax);
  let left = blobsMax;
  let batch: PackedBlobs;
  try {
    batch = await runJob(addon, view, () => addon.blobsOpen(view.gitDir, view.quarantineDir, packed, first));
  } catch (error) {
    throw revisionError(error);
  }
  for (;;) {
    const blobs = unpackBlobs(batch);
    const cursor = batch[2];
    left -= blobs.length;
    try {
      if (blobs.length > 0) yield blobs;
      if (cursor === null || left <= 0) return;
      batch = await runJob(addon, view, () => addon.blobsNext(cursor, Math.min(BATCH_MAX, left)));
    } finally {
      if (cursor !== null) addon.historyClose(cursor);
    }
  }
}

function unpackBlobs([text, numbers]: PackedBlobs): ListedBlob[] {
  const lengths = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length / 4);
  const blobs: ListedBlob[] = [];
  let at = 0;
  for (const length of lengths) {
    const oid = text.slice(at, at + OID_LENGTH);
    at += OID_LENGTH;
    blobs.push(length === 0 ? { oid } : { oid, path: text.slice(at, at + length) });
    at += length;
  }
  return blobs;
}
