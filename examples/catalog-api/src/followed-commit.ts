import type { GitAdapter, GitRepo, GitTag, WatchedEvent } from "@holdfast/client";
import type { Followed } from "./settings.ts";

/** What the cache is to hold: a commit, and the name by which it was found. */
export interface FollowedCommit {
  readonly commitId: string;
  /** The branch or the tag. */
  readonly name: string;
}

/** The commit that is followed now; undefined while there is none. */
export async function followedCommit(
  git: GitAdapter,
  repo: GitRepo,
  followed: Followed,
): Promise<FollowedCommit | undefined> {
  if (followed.kind === "branch") {
    const branch = await git.findBranch(repo, followed.branch);
    return branch === null ? undefined : { commitId: branch.commit.id, name: branch.name };
  }
  const matches = patternOf(followed.pattern);
  const releases = (await git.listTags(repo)).filter(
    ({ name, targetCommit }) => targetCommit !== undefined && matches.test(name),
  );
  const newest = releases.sort(newestFirst)[0];
  return newest === undefined ? undefined : { commitId: newest.targetCommit!.id, name: newest.name };
}

/** Can this event have changed what is followed? */
export function concerns(event: WatchedEvent, followed: Followed): boolean {
  // What happened meanwhile is not told any more: it may have been anything.
  if (event.event === "events_expired") return true;
  // Each reference that moves, comes or goes is told once by this one.
  if (event.event !== "ref_updated") return false;
  if (followed.kind === "branch") return event.branch === followed.branch;
  return event.tag !== undefined && patternOf(followed.pattern).test(event.tag);
}

/** `*` stands for anything but a slash. */
const patternOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^/]*")}$`,
  );

/** By when they were made; of the same second, v1.10 is newer than v1.9. */
function newestFirst(a: GitTag, b: GitTag): number {
  return timeOf(b) - timeOf(a) || b.name.localeCompare(a.name, "en", { numeric: true });
}

const timeOf = ({ tagger, targetCommit }: GitTag): number => (tagger ?? targetCommit?.committer)?.date.getTime() ?? 0;
