// What each change through the management API is told as: every event of it, once, and of nothing else.
import { describe, expect } from "bun:test";
import type { DeliveredEvent } from "../../../src/contract/events.ts";
import type { Principal } from "../../../src/contract/principal.ts";
import {
  amendCommit,
  closeSession,
  commitSession,
  createCommit,
  createReference,
  deleteReference,
  listEvents,
  mergeRevision,
  moveReference,
  openSession,
  pickCommit,
  popStash,
  protectReference,
  pushSession,
  putFile,
  rebaseBranch,
  renameReference,
  resetSession,
  revertCommit,
  saveStash,
  setDefaultBranch,
  stage,
  writeSessionFile,
} from "../../../src/operations/index.ts";
import { onBothBackends, type SessionStory } from "../../support/session-story.ts";

const OPERATOR: Principal = { kind: "control", name: "control" };
const message = Buffer.from("m");
const bytes = (text: string) => Buffer.from(text);

/** Runs a change; answers what it is told as, less what is the same of all, with its output. */
async function told<T>(
  story: SessionStory,
  change: Promise<T>,
): Promise<{ readonly out: T; readonly events: string[] }> {
  const out = await change;
  const events: string[] = [];
  for (const event of await everyEvent(story)) {
    const key = story.repository;
    const at = seen.get(key) ?? 0;
    if (Number(event.event_id) <= at) continue;
    seen.set(key, Number(event.event_id));
    const {
      repo,
      actor,
      door,
      commits: _,
      commit_count: __,
      count_cut: ___,
      ...data
    } = event.data as Record<string, string>;
    expect([repo, actor, door]).toEqual(["group/project", "alice", "rest"]);
    events.push([event.event, ...Object.entries(data).map(([name, value]) => `${name}=${value}`)].join(" "));
  }
  return { out, events };
}

/** What has happened up to here is told already. */
async function begin(story: SessionStory): Promise<void> {
  await story.test.identity.repositories.setCollaborator(story.repository, "alice", "admin-access");
  for (const event of await everyEvent(story)) seen.set(story.repository, Number(event.event_id));
}

/** The number of the newest event that a story has looked at. */
const seen = new WeakMap<object, number>();

async function everyEvent(story: SessionStory): Promise<DeliveredEvent[]> {
  const events: DeliveredEvent[] = [];
  for await (const batch of story.test.engine.run(
    listEvents,
    { admin: true },
    story.test.as(OPERATOR),
  ) as AsyncIterable<DeliveredEvent[]>)
    events.push(...batch);
  return events;
}

const ZERO = "0".repeat(40);

describe("the events of the management API", () => {
  onBothBackends("each write that moves a reference", async (story) => {
    await begin(story);
    const moved = (branch: string, from: string, to: string, forced = false) => [
      `push ref=refs/heads/${branch} old=${from} new=${to} forced=${forced}`,
      `ref_updated ref=refs/heads/${branch} old=${from} new=${to}`,
    ];
    const made = (branch: string, to: string) => [
      `branch_created ref=refs/heads/${branch} branch=${branch} new=${to}`,
      ...moved(branch, ZERO, to),
    ];
    const first = await told(story, story.run(putFile, { path: "a", content: bytes("1"), message }));
    expect(first.events).toEqual(made("main", first.out.commit));
    const one = first.out.commit;
    const actions = [{ action: "create" as const, path: "t", content: bytes("t") }];
    const topic = await told(story, story.run(createCommit, { branch: "t", from: "main", message, actions }));
    expect(topic.events).toEqual(made("t", topic.out.commit));
    const two = topic.out.commit;
    const merge = { branch: "main", rev: "t" } as const;
    const merged = await told(story, story.run(mergeRevision, { ...merge, strategy: "ff-only" }));
    expect(merged.events).toEqual(moved("main", one, two));
    expect((await told(story, story.run(mergeRevision, merge))).events).toEqual([]);
    expect((await told(story, story.run(rebaseBranch, { branch: "t", onto: "main" }))).events).toEqual([]);
    const reverted = await told(story, story.run(revertCommit, { sha: two }));
    expect(reverted.events).toEqual(moved("main", two, reverted.out.commit));
    const picked = await told(story, story.run(pickCommit, { sha: reverted.out.commit, branch: "t" }));
    expect(picked.events).toEqual(moved("t", two, picked.out.commit));
    const amended = await told(story, story.run(amendCommit, { branch: "t", message: bytes("other") }));
    expect(amended.events).toEqual(moved("t", picked.out.commit, amended.out.commit, true));
    const three = amended.out.commit;
    const branch = await told(story, story.run(createReference, { name: "refs/heads/n", rev: "main~1" }));
    expect(branch.events).toEqual(made("n", two));
    expect((await told(story, story.run(moveReference, { name: "refs/heads/n", rev: two }))).events).toEqual([]);
    const rename = { name: "refs/heads/n", newName: "refs/heads/n2" };
    expect((await told(story, story.run(renameReference, rename))).events).toEqual([
      ...made("n2", two),
      `branch_deleted ref=refs/heads/n branch=n old=${two}`,
      `ref_updated ref=refs/heads/n old=${two} new=${ZERO}`,
    ]);
    expect((await told(story, story.run(createReference, { name: "refs/tags/v", rev: "t" }))).events).toEqual([
      `tag_created ref=refs/tags/v tag=v new=${three}`,
      `push ref=refs/tags/v old=${ZERO} new=${three} forced=false`,
      `ref_updated ref=refs/tags/v old=${ZERO} new=${three}`,
    ]);
    expect((await told(story, story.run(deleteReference, { name: "refs/tags/v" }))).events).toEqual([
      `tag_deleted ref=refs/tags/v tag=v old=${three}`,
      `ref_updated ref=refs/tags/v old=${three} new=${ZERO}`,
    ]);
    const notes = await told(story, story.run(createReference, { name: "refs/notes/x", rev: "t" }));
    expect(notes.events).toEqual([`ref_updated ref=refs/notes/x old=${ZERO} new=${three}`]);
    expect((await told(story, story.run(setDefaultBranch, { branch: "t" }))).events).toEqual([
      "default_branch_changed old=refs/heads/main new=refs/heads/t",
    ]);
    expect((await told(story, story.run(setDefaultBranch, { branch: "t" }))).events).toEqual([]);
  });

  onBothBackends("a session tells nothing but what it pushes", async (story) => {
    await story.git.commit({ files: { a: "1" } });
    await begin(story);
    const opened = await told(story, story.run(openSession, { branch: "s", from: "main", pushes: false }));
    const session = opened.out.id;
    const write = (text: string) => story.run(writeSessionFile, { session, path: "a", content: bytes(text) });
    const quiet = [opened.events];
    const quietly = async (change: Promise<unknown>) => void quiet.push((await told(story, change)).events);
    await quietly(write("2"));
    await quietly(story.run(stage, { session, path: "a" }));
    const { out } = await told(story, story.run(commitSession, { session, message }));
    const pushed = await told(story, story.run(pushSession, { session }));
    expect(pushed.events).toEqual([
      `branch_created ref=refs/heads/s branch=s new=${out.commit}`,
      `push ref=refs/heads/s old=${ZERO} new=${out.commit} forced=false`,
      `ref_updated ref=refs/heads/s old=${ZERO} new=${out.commit}`,
    ]);
    await quietly(story.run(pushSession, { session }));
    await quietly(write("3"));
    await quietly(story.run(saveStash, { session }));
    await quietly(story.run(popStash, { session, stash: "0" }));
    await quietly(story.run(resetSession, { session, mode: "hard", rev: "HEAD~1" }));
    await quietly(story.run(closeSession, { session }));
    expect(quiet.flat()).toEqual([]);
  });

  onBothBackends("fields of administration are called as elsewhere outside", async (story) => {
    await begin(story);
    const rule = { pattern: "refs/heads/main", noForce: true };
    expect((await told(story, story.run(protectReference, rule))).events).toEqual([
      "protection_changed pattern=refs/heads/main no_force=true no_delete=false applies_to_service=true",
    ]);
  });
});
