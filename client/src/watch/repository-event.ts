import type { ServerEvent } from "./server-message.ts";

const NAMES = [
  "repository_created",
  "repository_deleted",
  "repository_renamed",
  "default_branch_changed",
  "push",
  "branch_created",
  "branch_deleted",
  "tag_created",
  "tag_deleted",
  "ref_updated",
] as const;

/** What can happen in a repository. */
export type RepositoryEventName = (typeof NAMES)[number];

/** Something that happened in a repository. */
export interface RepositoryEvent {
  /** Its place in the order of all events of the server: decimal digits of a number that grows and is never used twice. */
  readonly id: string;
  /**
   * A branch or tag that moved is told by `push`, one that was made by `branch_created` or `tag_created` before it, one that is gone by
   * `branch_deleted` or `tag_deleted`; every reference, these included, by one `ref_updated` behind that.
   */
  readonly event: RepositoryEventName;
  /** The repository's full name: `alice/catalog`. */
  readonly repo: string;
  /** The reference it is about, by its full name: `refs/heads/main`. */
  readonly ref?: string;
  /** The short name, where the reference is a branch. */
  readonly branch?: string;
  /** The short name, where the reference is a tag. */
  readonly tag?: string;
  /** What the reference was and is; zeros, or absent, where there was or is none. */
  readonly oldId?: string;
  readonly newId?: string;
  /** Who did it, and through which door of the server. */
  readonly actor: string;
  readonly door: string;
  /** All facts, as the server tells them. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestamp: Date;
}

/**
 * Stands for events that the server no longer keeps: what happened between `since` and `oldest` cannot be told any more, if there was
 * anything of this repository. Whoever follows a repository's state reads it anew.
 */
export interface EventsExpired {
  /** Where the events go on behind. */
  readonly id: string;
  readonly event: "events_expired";
  /** The event behind which the stream should have gone on. */
  readonly since: string;
  /** The oldest event that is kept. */
  readonly oldest: string;
  readonly timestamp: Date;
}

/** What a watch hands out; `event` tells the two apart. */
export type WatchedEvent = RepositoryEvent | EventsExpired;

const known: ReadonlySet<string> = new Set(NAMES);
const isKnown = (name: string): name is RepositoryEventName => known.has(name);

/** An event as applications see it; undefined for a kind that this version does not know. */
export function watchedEvent({ id, event, data, timestamp }: ServerEvent): WatchedEvent | undefined {
  if (event === "events_expired") {
    return { id, event, since: textOf(data["since"]) ?? "0", oldest: textOf(data["oldest"]) ?? id, timestamp };
  }
  if (!isKnown(event)) return undefined;
  return {
    id,
    event,
    repo: textOf(data["repo"]) ?? "",
    ...referenceOf(data),
    actor: textOf(data["actor"]) ?? "unknown",
    door: textOf(data["door"]) ?? "unknown",
    data,
    timestamp,
  };
}

const BRANCHES = "refs/heads/";
const TAGS = "refs/tags/";

function referenceOf(data: ServerEvent["data"]): Pick<RepositoryEvent, "ref" | "branch" | "tag" | "oldId" | "newId"> {
  const ref = textOf(data["ref"]);
  // Without a reference `old` and `new` are other things than ids: names of branches, for example.
  if (ref === undefined) return {};
  const oldId = textOf(data["old"]);
  const newId = textOf(data["new"]);
  return {
    ref,
    ...(ref.startsWith(BRANCHES) && { branch: ref.slice(BRANCHES.length) }),
    ...(ref.startsWith(TAGS) && { tag: ref.slice(TAGS.length) }),
    ...(oldId !== undefined && { oldId }),
    ...(newId !== undefined && { newId }),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
