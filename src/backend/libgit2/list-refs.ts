import { OID_HEX_LENGTH } from "../../domain/oid.ts";
import type { Reference } from "../../domain/reference.ts";
import type { RepositoryView } from "../backend.ts";
import type { CoreFunctions } from "./addon.ts";
import { packTexts } from "./pack-texts.ts";
import type { PackedRefs, RefFunctions } from "./ref-functions.ts";
import { checkView, runJob } from "./run-job.ts";

/** References of the first batch, and of later ones: the first should be there soon, later ones should be few. */
const FIRST_BATCH_MAX = 1000;
const BATCH_MAX = 5000;

const OID_LENGTH = OID_HEX_LENGTH.sha1;
const PEELED_FLAG = 0x10000;

/** Lists references by prefixes, sorted by name. */
export async function* listRefs(
  addon: CoreFunctions & RefFunctions,
  view: RepositoryView,
  { prefixes, peel }: { prefixes: readonly string[]; peel: boolean },
): AsyncGenerator<Reference[]> {
  checkView(view);
  const packed = packPrefixes(prefixes);
  let batch = await runJob(addon, view, () => addon.refsList(view.gitDir, packed, peel, FIRST_BATCH_MAX));
  for (;;) {
    const references = unpackRefs(batch);
    if (references.length > 0) yield references;
    const listing = batch[2];
    if (listing === null) return;
    batch = await runJob(addon, view, () => addon.refsListNext(listing, BATCH_MAX));
  }
}

/** A prefix with NUL or beyond latin1 matches no name. */
function packPrefixes(prefixes: readonly string[]): Buffer {
  const possible = prefixes.filter((prefix) => !prefix.includes("\0"));
  // Without a prefix everything is listed, so something has to stand for prefixes of which none can match.
  const given = prefixes.length > 0 && possible.length === 0 ? [" "] : possible;
  return packTexts(given);
}

function unpackRefs([text, numbers]: PackedRefs): Reference[] {
  const lengths = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length / 4);
  const references: Reference[] = [];
  let at = 0;
  for (let i = 0; i < lengths.length; i += 2) {
    const flags = lengths[i]!;
    const peeled = (flags & PEELED_FLAG) !== 0;
    const nameAt = at + (peeled ? 2 * OID_LENGTH : OID_LENGTH);
    const nameEnd = nameAt + (flags & (PEELED_FLAG - 1));
    const end = nameEnd + lengths[i + 1]!;
    const oid = text.slice(at, at + OID_LENGTH);
    const name = text.slice(nameAt, nameEnd);
    references.push({
      name,
      oid,
      ...(peeled && { peeledOid: text.slice(at + OID_LENGTH, nameAt) }),
      ...(end > nameEnd && { symbolicTarget: text.slice(nameEnd, end) }),
    });
    at = end;
  }
  return references;
}
