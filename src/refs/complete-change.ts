import type { GitBackend, RepositoryView } from "../backend/backend.ts";
import type { ChangeEvent, EventChange } from "../events/journal-record.ts";
import { hasReason } from "../domain/errors.ts";
import { isZeroOid, zeroOid } from "../domain/oid.ts";

/**
 * Decides what became of a change whose references, HEAD among them, may have moved or not: none moved, then it never happened; any moved,
 * then it did, and those left behind follow. Throws when they cannot.
 */
export async function completeChange(
  git: GitBackend,
  view: RepositoryView,
  event: ChangeEvent,
): Promise<"done" | "dropped"> {
  const behind: EventChange[] = [];
  for (const change of event.changes) {
    const reference = await git.refs.read(view, change.name);
    if ((reference?.oid ?? zeroOid(view.objectFormat)) !== change.newOid) behind.push(change);
  }
  const { head } = event;
  const target = head === undefined ? undefined : (await git.refs.head(view)).target;
  const hasHeadMoved = head !== undefined && target === head.newTarget;
  if (behind.length === event.changes.length && !hasHeadMoved) return "dropped";
  // HEAD goes over to what has come before what it named goes.
  for (const change of behind) if (!isZeroOid(change.newOid)) await follow(git, view, change);
  if (head !== undefined && target !== undefined && target === head.oldTarget)
    await git.refs.setHead(view, head.newTarget);
  for (const change of behind) if (isZeroOid(change.newOid)) await follow(git, view, change);
  return "done";
}

/** Moves a reference that was left behind, unless somebody has moved it since: then his change is the later one. */
async function follow(git: GitBackend, view: RepositoryView, { name, oldOid, newOid }: EventChange): Promise<void> {
  try {
    const prepared = await git.refs.prepare(view, [{ name, newOid, expectedOid: oldOid }], { deref: true });
    await prepared.commit();
  } catch (error) {
    if (!hasReason(error, "reference_mismatch") && !hasReason(error, "reference_name_conflict")) throw error;
  }
}
