import { deepEqual, equal } from "node:assert/strict";
import { NotFoundError, ValidationError } from "../errors.ts";
import type { ListCommits } from "../requests.ts";
import { changing, type ContractCheck, type ContractContext, reading } from "./contract-check.ts";
import { gathered, rejectionOf } from "./expectations.ts";
import { ABSENT_ID, created, start, startSides, write } from "./written-repository.ts";

/** Commits one behind another on `main`, the first one first. */
async function startLine(context: ContractContext, count: number): Promise<string[]> {
  const ids = [await start(context)];
  while (ids.length < count)
    ids.push(await write(context, created({ [`folder-${ids.length % 2}/${ids.length}.txt`]: "x\n" })));
  return ids;
}

async function idsOf({ adapter, repo }: ContractContext, request: ListCommits): Promise<string[]> {
  return (await adapter.listCommits(repo, request)).map(({ id }) => id);
}

/** Commits: found, listed, compared. */
export const HISTORY_CHECKS: readonly ContractCheck[] = [
  changing("find a commit by any revision", async (context) => {
    const { adapter, repo, user } = context;
    const [first = "", second = "", third = ""] = await startLine(context, 3);
    await adapter.createTag(repo, { name: "annotated", target: second, message: "Two", user });
    await adapter.createTag(repo, { name: "light", target: first, user });
    const cases: readonly [revision: string, id: string][] = [
      [third, third],
      ["main", third],
      ["refs/heads/main", third],
      ["main~1", second],
      ["main^", second],
      ["main~2", first],
      ["annotated", second],
      ["refs/tags/light", first],
      ["HEAD", third],
    ];
    for (const [revision, id] of cases) equal((await adapter.findCommit(repo, revision))?.id, id, revision);
  }),

  changing("a commit that is not there is null", async (context) => {
    const { adapter, repo } = context;
    await start(context);
    for (const revision of ["nowhere", ABSENT_ID, "main~5", "refs/heads/nowhere"])
      equal(await adapter.findCommit(repo, revision), null, revision);
  }),

  reading("a commit of an empty repository is null", async ({ adapter, repo }) => {
    await adapter.createRepo(repo);
    equal(await adapter.findCommit(repo, ABSENT_ID), null);
  }),

  changing("a revision is not empty", async (context) => {
    const { adapter, repo } = context;
    await start(context);
    await rejectionOf("findCommit", adapter.findCommit(repo, ""), ValidationError);
    await rejectionOf("listCommits", adapter.listCommits(repo, { revisions: [] }), ValidationError);
  }),

  changing("list commits, newest first", async (context) => {
    const { adapter, repo } = context;
    const ids = await startLine(context, 5);
    const commits = await adapter.listCommits(repo, { revisions: ["main"] });
    deepEqual(
      commits.map(({ id }) => id),
      ids.toReversed(),
    );
    deepEqual(commits[0], await adapter.findCommit(repo, "main"));
    deepEqual(await gathered(adapter.streamCommits(repo, { revisions: ["main"] })), commits);
  }),

  changing("list commits of ranges", async (context) => {
    const { base, ours, theirs } = await startSides(context);
    deepEqual(await idsOf(context, { revisions: [`${base}..main`] }), [ours]);
    deepEqual(await idsOf(context, { revisions: ["main", "^topic"] }), [ours]);
    deepEqual(await idsOf(context, { revisions: ["main..topic"] }), [theirs]);
    deepEqual(new Set(await idsOf(context, { revisions: ["--all"] })), new Set([base, ours, theirs]));
    deepEqual(new Set(await idsOf(context, { revisions: ["main", "topic"] })), new Set([base, ours, theirs]));
    deepEqual(await idsOf(context, { revisions: ["main..main"] }), []);
  }),

  changing("list commits by pages", async (context) => {
    const newestFirst = (await startLine(context, 5)).toReversed();
    const revisions = ["main"];
    const seen: string[] = [];
    for (let page = await idsOf(context, { revisions, page: { limit: 2 } }); page.length > 0;) {
      seen.push(...page);
      page = await idsOf(context, { revisions, page: { limit: 2, after: page.at(-1) ?? "" } });
    }
    deepEqual(seen, newestFirst);
    deepEqual(await idsOf(context, { revisions, page: { limit: 3 } }), newestFirst.slice(0, 3));
    deepEqual(await idsOf(context, { revisions, page: { limit: 50 } }), newestFirst);
    deepEqual(await idsOf(context, { revisions, page: { after: newestFirst[1] ?? "" } }), newestFirst.slice(2));
  }),

  changing("list commits that change some paths", async (context) => {
    const ids = await startLine(context, 5);
    const odd = [ids[3], ids[1]];
    deepEqual(await idsOf(context, { revisions: ["main"], paths: ["folder-1"] }), odd);
    deepEqual(await idsOf(context, { revisions: ["main"], paths: ["folder-1/3.txt"] }), [ids[3]]);
    deepEqual(await idsOf(context, { revisions: ["main"], paths: ["README.md", "folder-1"] }), [...odd, ids[0]]);
    deepEqual(await idsOf(context, { revisions: ["main"], paths: ["nowhere"] }), []);
    deepEqual(await idsOf(context, { revisions: ["main"], paths: ["folder-1"], page: { limit: 1 } }), [ids[3]]);
  }),

  changing("listed revisions must exist", async (context) => {
    const { adapter, repo } = context;
    await start(context);
    for (const revisions of [["nowhere"], ["main", "^nowhere"], ["nowhere..main"], [ABSENT_ID]]) {
      const what = revisions.join(" ");
      await rejectionOf(what, adapter.listCommits(repo, { revisions }), NotFoundError);
      await rejectionOf(`stream of ${what}`, gathered(adapter.streamCommits(repo, { revisions })), NotFoundError);
    }
  }),

  changing("ancestor: true and false", async (context) => {
    const { adapter, repo } = context;
    const { base, ours, theirs } = await startSides(context);
    const isAncestor = (ancestor: string, descendant: string) => adapter.isAncestor(repo, { ancestor, descendant });
    equal(await isAncestor(base, ours), true);
    equal(await isAncestor(base, theirs), true);
    equal(await isAncestor(ours, base), false);
    equal(await isAncestor(ours, theirs), false);
    equal(await isAncestor(ours, ours), true);
    equal(await isAncestor(base, "main"), true);
    equal(await isAncestor("topic", "main"), false);
  }),
];
