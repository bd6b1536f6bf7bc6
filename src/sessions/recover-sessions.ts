import type { SessionStore } from "../contract/session-store.ts";
import type { SessionDirectories } from "./session-directory.ts";

/** What an earlier server left: folders without a row go, rows whose folder is lost are marked. Nothing else is to be done. */
export async function recoverSessions(store: SessionStore, directories: SessionDirectories): Promise<void> {
  const ids = await store.ids();
  await directories.removeUnknown(new Set(ids));
  for (const id of ids) {
    if (directories.isWhole(id)) await directories.tidy(id);
    else await store.change(id, { isGone: true, commitDueAtMs: null });
  }
}
