import { OperationError } from "../../domain/errors.ts";
import { type GitPath, type TreeEntry, typeOfMode } from "../../domain/git-object.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { RepositoryView } from "../backend.ts";
import type { CoreFunctions, ObjectFunctions, PackedListing } from "./addon.ts";
import { checkView, runJob, runNow } from "./run-job.ts";
import { hasAddonCode } from "./translate-error.ts";

/** Bytes of ids and paths in one batch: some thousand entries. */
const BATCH_BYTES = 256 * 1024;
/** A single tree that is listed on this thread. */
const NOW_BYTES = 32 * 1024;

/** Lists a tree in batches. While the caller looks at one, the next is made. */
export async function* listTree(
  addon: CoreFunctions & ObjectFunctions,
  view: RepositoryView,
  treeish: Oid,
  options: { readonly recursive: boolean; readonly prefix?: GitPath },
): AsyncGenerator<TreeEntry[]> {
  checkView(view);
  if (!isOid(treeish, "sha1")) throw new OperationError("object_not_found", { oid: treeish });
  const { gitDir, quarantineDir } = view;
  const { recursive, prefix = "" } = options;
  const ask = (after: GitPath) =>
    runJob(addon, view, () => addon.treeList(gitDir, quarantineDir, treeish, recursive, prefix, after, BATCH_BYTES));
  const askFirst = () =>
    recursive
      ? ask("")
      : runNow(
          addon,
          view,
          () => addon.treeListSync(gitDir, quarantineDir, treeish, false, prefix, "", NOW_BYTES),
          () => ask(""),
        );
  try {
    let listing = await askFirst();
    for (;;) {
      const entries = unpack(listing);
      const next = listing[2] ? ask(entries.at(-1)!.path.slice(prefix.length)) : undefined;
      // The caller may stop listening while it runs; its failure is then nobody's business.
      next?.catch(() => {});
      if (entries.length > 0) yield entries;
      if (next === undefined) return;
      listing = await next;
    }
  } catch (error) {
    const cause = error instanceof OperationError ? error.cause : undefined;
    if (!hasAddonCode(cause, "not_found") && !hasAddonCode(cause, "wrong_type")) throw error;
    throw new OperationError("object_not_found", { oid: treeish }, { cause });
  }
}

function unpack([text, numbers]: PackedListing): TreeEntry[] {
  const count = numbers.length / 8;
  const entries = new Array<TreeEntry>(count);
  const view = new DataView(numbers.buffer, numbers.byteOffset, numbers.length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const mode = view.getUint32(i * 8, true);
    const end = at + 40 + view.getUint32(i * 8 + 4, true);
    entries[i] = { path: text.slice(at + 40, end), mode, type: typeOfMode(mode), oid: text.slice(at, at + 40) };
    at = end;
  }
  return entries;
}
