import type { GitBackend, RepositoryView } from "../backend/backend.ts";
import type { ChangeEvent, EventChange } from "../events/journal-record.ts";
import { zeroOid } from "../domain/oid.ts";

/**
 * Decides what became of a change whose references may have moved or not: none moved, then it never happened; any moved, then
 * it did, and those left behind follow. Throws when they cannot.
 */
export async function completeChange(
  git: GitBackend,
  view: RepositoryView,
  event: ChangeEvent,
): Promise<"done" | "dropped"> {
  if (event.head !== undefined) {
    const head = await git.refs.head(view);
    return head.target === event.head.newTarget ? "done" : "dropped";
  }
  const behind: EventChange[] = [];
  for (const change of event.changes) {
    const reference = await git.refs.read(view, change.name);
    if ((reference?.oid ?? zeroOid(view.objectFormat)) !== change.newOid) behind.push(change);
  }
  if (behind.length === event.changes.length) return "dropped";
  if (behind.length > 0) await moveRest(git, view, behind);
  return "done";
}

async function moveRest(git: GitBackend, view: RepositoryView, behind: readonly EventChange[]): Promise<void> {
  const changes = behind.map(({ name, oldOid, newOid }) => ({ name, newOid, expectedOid: oldOid }));
  const prepared = await git.refs.prepare(view, changes, { deref: true });
  await prepared.commit();
}
