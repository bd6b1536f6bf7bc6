import { decodeUtf8, encodeUtf8 } from "../domain/bytes.ts";
import type { AdminEventName, RepositoryEventName } from "../domain/event-names.ts";
import { isHiddenFromFetches } from "../domain/hidden-refs.ts";
import { isZeroOid } from "../domain/oid.ts";
import { REFS_HEADS, REFS_TAGS, type RefName } from "../domain/reference.ts";
import { repositoryNameOf } from "../domain/repository-name.ts";
import type { ChangeEvent, ChangeFacts, EventChange, EventRepository } from "./journal-record.ts";

/** One event that follows from a change, with the facts that the journal holds of it. */
export interface Derived {
  readonly name: RepositoryEventName | AdminEventName;
  readonly data: Readonly<Record<string, unknown>>;
  /** The reference that was pushed: its commits are read from the repository. */
  readonly pushed?: EventChange;
}

/** How many numbers a change takes: one for each of its events, and one where none follows. */
export function countOf(facts: ChangeFacts): number {
  if (facts.admin !== undefined) return 1;
  let count = (facts.life === undefined ? 0 : 1) + (facts.head === undefined ? 0 : 1);
  for (const { name, oldOid } of facts.changes) {
    if (isHiddenFromFetches(name)) continue;
    if (!name.startsWith(REFS_HEADS) && !name.startsWith(REFS_TAGS)) count += 1;
    else count += isZeroOid(oldOid) ? 3 : 2;
  }
  return Math.max(count, 1);
}

/** The repositories that a change is about: a renamed one has two names, administration has none. */
export function repositoriesOf({ repository, life, admin }: ChangeFacts): readonly EventRepository[] {
  if (admin !== undefined) return [];
  return life?.kind === "renamed" ? [life.from, repository] : [repository];
}

/**
 * The events of a change, in the order of their numbers: for a branch or tag that came or went its own event, for one that is there
 * the push, for every reference that users see `ref_updated`, and for HEAD `default_branch_changed`.
 */
export function eventsOf(change: ChangeEvent): readonly Derived[] {
  if (change.admin !== undefined) {
    return [{ name: change.admin.event, data: { ...change.admin.data, ...origin(change) } }];
  }
  const visible = change.changes.filter(({ name }) => !isHiddenFromFetches(name));
  // A push may make its repository: then both are one change.
  const life = change.life === undefined ? [] : [lifeEvent(change)];
  const head = change.head === undefined ? [] : [headEvent(change, change.head)];
  const told = (some: readonly EventChange[]) => some.flatMap((each) => referenceEvents(change, each));
  // HEAD goes over to what has come before what it named goes.
  const [staying, going] =
    head.length === 0 ? [visible, []] : [visible.filter(isThere), visible.filter((each) => !isThere(each))];
  const events = [...life, ...told(staying), ...head, ...told(going)];
  // A change of an earlier version has one number: its last event stands for it.
  return change.count === undefined ? events.slice(-1) : events;
}

const isThere = ({ newOid }: EventChange): boolean => !isZeroOid(newOid);

function headEvent(change: ChangeEvent, { oldTarget, newTarget }: NonNullable<ChangeEvent["head"]>): Derived {
  const old = oldTarget === undefined ? null : decodeUtf8(oldTarget);
  return {
    name: "default_branch_changed",
    data: { ...place(change), old, new: decodeUtf8(newTarget), ...origin(change) },
  };
}

function lifeEvent(change: ChangeEvent): Derived {
  const data = { ...place(change), ...origin(change) };
  switch (change.life?.kind) {
    case "renamed":
      return {
        name: "repository_renamed",
        data: { ...place(change), old_repo: repositoryNameOf(change.life.from.relativePath), ...origin(change) },
      };
    case "deleted":
      return { name: "repository_deleted", data };
    default:
      return { name: "repository_created", data };
  }
}

function referenceEvents(change: ChangeEvent, moved: EventChange): Derived[] {
  const { name, oldOid, newOid } = moved;
  const common = { ...place(change), ...refData(name) };
  const by = origin(change);
  const updated: Derived = { name: "ref_updated", data: { ...common, old: oldOid, new: newOid, ...by } };
  const kind = name.startsWith(REFS_HEADS) ? "branch" : name.startsWith(REFS_TAGS) ? "tag" : undefined;
  if (kind === undefined) return [updated];
  const short = decodeUtf8(name.slice((kind === "branch" ? REFS_HEADS : REFS_TAGS).length));
  if (isZeroOid(newOid)) {
    return [{ name: `${kind}_deleted`, data: { ...common, [kind]: short, old: oldOid, ...by } }, updated];
  }
  const push: Derived = { name: "push", data: { ...common, old: oldOid, new: newOid, ...by }, pushed: moved };
  if (!isZeroOid(oldOid)) return [push, updated];
  return [{ name: `${kind}_created`, data: { ...common, [kind]: short, new: newOid, ...by } }, push, updated];
}

function place({ repository: { storage, relativePath } }: ChangeFacts): Record<string, string> {
  const repo = repositoryNameOf(relativePath);
  return storage === "default" ? { repo } : { repo, storage };
}

/** A name as text; one that is not UTF-8 in base64 as well, since text would lose it. */
function refData(name: RefName): Record<string, string> {
  const ref = decodeUtf8(name);
  return encodeUtf8(ref) === name ? { ref } : { ref, ref_base64: Buffer.from(name, "latin1").toString("base64") };
}

function origin({ actor, by, door }: ChangeFacts): Record<string, string> {
  return { actor: actorName(actor) ?? by ?? "unknown", door };
}

function actorName(actor: ChangeFacts["actor"]): string | undefined {
  if (actor === undefined) return undefined;
  return [actor.username, decodeUtf8(actor.name), actor.id].find((each) => each !== "");
}
