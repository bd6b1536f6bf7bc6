import type { SessionStore } from "../contract/session-store.ts";
import type { FullCheckouts } from "./full-checkouts.ts";
import type { SessionDirectories } from "./session-directory.ts";

/**
 * What an earlier server left: folders without a row go, rows whose folder is lost are marked, and where it was killed between a commit and
 * its row, the row follows, and what a power cut has damaged goes. The repository is told of that when the session is entered next. Answers the sessions whose files may not be on the disk.
 */
export async function recoverSessions(
  store: Pick<SessionStore, "heads" | "change">,
  directories: SessionDirectories,
  checkouts: FullCheckouts,
  { bootId, nowMs }: { readonly bootId: string; readonly nowMs: number },
): Promise<string[]> {
  const unflushed: string[] = [];
  const heads = await store.heads();
  await directories.removeUnknown(new Set(heads.keys()));
  const isAfterBoot = bootId === "" || directories.lastBoot() !== bootId;
  for (const [id, known] of heads) {
    if (!directories.isWhole(id)) {
      await store.change(id, { isGone: true, commitDueAtMs: null });
      continue;
    }
    await directories.tidy(id, isAfterBoot);
    const headOid = directories.headOf(id) ?? known;
    // The row may say that all is committed, of a commit that the disk has lost.
    if (headOid !== known) await store.change(id, { headOid, dirtySinceMs: nowMs, commitDueAtMs: nowMs });
    if (checkouts.found(id, directories.view(id, "sha1"))) unflushed.push(id);
  }
  if (isAfterBoot) await directories.recordBoot(bootId);
  return unflushed;
}
