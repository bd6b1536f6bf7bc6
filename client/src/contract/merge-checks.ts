import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { ZERO_ID } from "../domain/ref-update.ts";
import { ConflictError, NotFoundError, ValidationError } from "../errors.ts";
import type { MergeBranch } from "../requests.ts";
import { changing, type ContractCheck, type ContractContext } from "./contract-check.ts";
import { rejection, rejectionOf } from "./expectations.ts";
import {
  ABSENT_ID,
  created,
  filesAt,
  type Sides,
  start,
  startConflict,
  startSides,
  textAt,
  tipOf,
  write,
} from "./written-repository.ts";

const TARGET_REF = "refs/merge-requests/1/merge";

/** Merges into `main` unless told. */
function merge({ adapter, repo, user }: ContractContext, sourceId: string, more: Partial<MergeBranch> = {}) {
  return adapter.mergeBranch(repo, { branch: "main", sourceId, message: "Merge topic", user, ...more });
}

/** Merges `theirs` with `main` into `TARGET_REF` unless told. */
function mergeToRef({ adapter, repo, user }: ContractContext, { theirs }: Sides, expectedOldId?: string) {
  return adapter.mergeToRef(repo, {
    sourceId: theirs,
    targetRef: TARGET_REF,
    firstParentRef: "refs/heads/main",
    message: "Merge",
    user,
    ...(expectedOldId === undefined ? {} : { expectedOldId }),
  });
}

/** Replays `theirs` onto `main` and writes to `TARGET_REF`. */
function rebaseToRef({ adapter, repo, user }: ContractContext, { theirs }: Sides, expectedOldId?: string) {
  return adapter.rebaseToRef(repo, {
    sourceId: theirs,
    targetRef: TARGET_REF,
    firstParentRef: "refs/heads/main",
    user,
    ...(expectedOldId === undefined ? {} : { expectedOldId }),
  });
}

/** Merging into a branch. */
const BRANCH_MERGES: readonly ContractCheck[] = [
  changing("merge branch in two phases", async (context) => {
    const { adapter, repo, user } = context;
    const { ours, theirs } = await startSides(context);
    const seen: [proposed: string, tip: string | undefined][] = [];
    const approve = async (commitId: string) => {
      seen.push([commitId, await tipOf(context, "main")]);
      return true;
    };
    const { commitId } = await merge(context, theirs, { approve });
    deepEqual(seen, [[commitId, ours]]);
    equal(await tipOf(context, "main"), commitId);
    const commit = await adapter.findCommit(repo, commitId);
    deepEqual(commit?.parentIds, [ours, theirs]);
    equal(commit.subject, "Merge topic");
    equal(commit.committer.email, user.email);
    deepEqual(await filesAt(context, "main"), ["README.md", "ours.txt", "theirs.txt"]);
    equal(await tipOf(context, "topic"), theirs);
  }),

  changing("a merge without approval", async (context) => {
    const { ours, theirs } = await startSides(context);
    const { commitId } = await merge(context, theirs);
    equal(await tipOf(context, "main"), commitId);
    equal(await context.adapter.isAncestor(context.repo, { ancestor: ours, descendant: commitId }), true);
  }),

  changing("a merge that is not approved leaves the branch", async (context) => {
    const { ours, theirs } = await startSides(context);
    await rejection(merge(context, theirs, { approve: () => false }), ConflictError);
    equal(await tipOf(context, "main"), ours);
    await rejection(merge(context, theirs, { approve: () => Promise.resolve(false) }), ConflictError);
    equal(await tipOf(context, "main"), ours);
  }),

  changing("an approval that throws leaves the branch", async (context) => {
    const { ours, theirs } = await startSides(context);
    const broken = new Error("nobody could be asked");
    const approve = () => {
      throw broken;
    };
    await rejects(merge(context, theirs, { approve }), (error) => error === broken);
    equal(await tipOf(context, "main"), ours);
  }),

  changing("a branch that moves during the approval is not merged", async (context) => {
    const { theirs } = await startSides(context);
    let moved = "";
    const approve = async () => {
      moved = await write(context, created({ "meanwhile.txt": "x\n" }));
      return true;
    };
    await rejection(merge(context, theirs, { approve }), ConflictError);
    equal(await tipOf(context, "main"), moved);
  }),

  changing("merge conflict", async (context) => {
    const { ours, theirs } = await startConflict(context);
    const error = await rejection(merge(context, theirs), ConflictError);
    deepEqual(error.detail?.conflictingFiles, ["README.md"]);
    equal(error.retryable, false);
    equal(await tipOf(context, "main"), ours);
    equal(await textAt(context, "main", "README.md"), "ours\n");
  }),

  changing("a merge only where the branch is expected", async (context) => {
    const { base, ours, theirs } = await startSides(context);
    await rejection(merge(context, theirs, { expectedOldId: base }), ConflictError);
    equal(await tipOf(context, "main"), ours);
    await merge(context, theirs, { expectedOldId: ours });
  }),

  changing("a merge makes a commit even where the branch could go forward", async (context) => {
    const base = await start(context);
    const topic = await write(context, created({ "b.txt": "b\n" }), { branch: "topic", startBranch: "main" });
    const { commitId } = await merge(context, topic);
    deepEqual((await context.adapter.findCommit(context.repo, commitId))?.parentIds, [base, topic]);
  }),

  changing("a merge needs a branch and a commit that exist", async (context) => {
    const { ours, theirs } = await startSides(context);
    await rejectionOf("branch", merge(context, theirs, { branch: "nowhere" }), NotFoundError);
    await rejectionOf("source", merge(context, ABSENT_ID), NotFoundError);
    await rejectionOf("no message", merge(context, theirs, { message: "" }), ValidationError);
    await rejectionOf("no branch", merge(context, theirs, { branch: "" }), ValidationError);
    equal(await tipOf(context, "main"), ours);
  }),
];

/** Merging and replaying into references that are not branches. */
const TO_REFS: readonly ContractCheck[] = [
  changing("merge to ref", async (context) => {
    const { adapter, repo } = context;
    const sides = await startSides(context);
    const { commitId } = await mergeToRef(context, sides);
    deepEqual((await adapter.findCommit(repo, TARGET_REF))?.parentIds, [sides.ours, sides.theirs]);
    deepEqual(await filesAt(context, commitId), ["README.md", "ours.txt", "theirs.txt"]);
    equal(await tipOf(context, "main"), sides.ours);
    deepEqual(
      (await adapter.listBranches(repo)).map(({ name }) => name),
      ["main", "topic"],
    );
  }),

  changing("a merge to a ref takes the place of the one before", async (context) => {
    const { adapter, repo } = context;
    const sides = await startSides(context);
    await mergeToRef(context, sides);
    const moved = await write(context, created({ "more.txt": "more\n" }));
    const { commitId } = await mergeToRef(context, sides);
    const commit = await adapter.findCommit(repo, TARGET_REF);
    equal(commit?.id, commitId);
    deepEqual(commit.parentIds, [moved, sides.theirs]);
  }),

  changing("a merge to a ref that conflicts", async (context) => {
    const sides = await startConflict(context);
    await rejection(mergeToRef(context, sides), ConflictError);
    equal(await context.adapter.findCommit(context.repo, TARGET_REF), null);
  }),

  changing("a merge to a ref only where it is expected", async (context) => {
    const { adapter, repo } = context;
    const sides = await startSides(context);
    const { commitId } = await mergeToRef(context, sides, ZERO_ID);
    await rejectionOf("zeros", mergeToRef(context, sides, ZERO_ID), ConflictError);
    await rejectionOf("stale", mergeToRef(context, sides, sides.base), ConflictError);
    equal((await adapter.findCommit(repo, TARGET_REF))?.id, commitId);
    await mergeToRef(context, sides, commitId);
  }),

  changing("a merge to a ref needs commits that exist", async (context) => {
    const { adapter, repo, user } = context;
    const { theirs } = await startSides(context);
    const request = { sourceId: theirs, targetRef: TARGET_REF, firstParentRef: "refs/heads/main", message: "M", user };
    await rejectionOf("source", adapter.mergeToRef(repo, { ...request, sourceId: ABSENT_ID }), NotFoundError);
    const nowhere = { ...request, firstParentRef: "refs/heads/nowhere" };
    await rejectionOf("first parent", adapter.mergeToRef(repo, nowhere), NotFoundError);
    const branch = { ...request, targetRef: "refs/heads/main" };
    await rejectionOf("a branch as target", adapter.mergeToRef(repo, branch), ValidationError);
  }),

  changing("rebase to ref", async (context) => {
    const { adapter, repo, user } = context;
    const sides = await startSides(context);
    const { commitId } = await rebaseToRef(context, sides);
    const commit = await adapter.findCommit(repo, TARGET_REF);
    equal(commit?.id, commitId);
    deepEqual(commit.parentIds, [sides.ours]);
    equal(commit.subject, "Theirs");
    equal(commit.committer.email, user.email);
    deepEqual(await filesAt(context, commitId), ["README.md", "ours.txt", "theirs.txt"]);
    equal(await tipOf(context, "topic"), sides.theirs);
  }),

  changing("a rebase of several commits keeps authors and order", async (context) => {
    const sides = await startSides(context);
    const author = { name: "Other", email: "other@example.org" };
    const more = { branch: "topic", message: "More", author };
    const theirs = await write(context, created({ "more.txt": "more\n" }), more);
    await rebaseToRef(context, { ...sides, theirs });
    const { adapter, repo } = context;
    const commits = await adapter.listCommits(repo, { revisions: [`main..${TARGET_REF}`] });
    deepEqual(
      commits.map(({ subject }) => subject),
      ["More", "Theirs"],
    );
    deepEqual({ name: commits[0]?.author.name, email: commits[0]?.author.email }, author);
  }),

  changing("a rebase that conflicts", async (context) => {
    const sides = await startConflict(context);
    await rejection(rebaseToRef(context, sides), ConflictError);
    equal(await context.adapter.findCommit(context.repo, TARGET_REF), null);
  }),

  changing("a rebase only where the ref is expected", async (context) => {
    const sides = await startSides(context);
    const { commitId } = await rebaseToRef(context, sides);
    await rejection(rebaseToRef(context, sides, sides.base), ConflictError);
    equal((await context.adapter.findCommit(context.repo, TARGET_REF))?.id, commitId);
    await rebaseToRef(context, sides, commitId);
  }),
];

/** Starts with a commit that changes `a.txt`; answers it. */
async function startChanged(context: ContractContext): Promise<string> {
  await start(context, { "a.txt": "a\n", "b.txt": "b\n" });
  return write(context, [{ type: "update", path: "a.txt", content: "A\n" }], { message: "Change a" });
}

/** Taking commits back. */
const REVERTS: readonly ContractCheck[] = [
  changing("revert", async (context) => {
    const { adapter, repo, user } = context;
    const changed = await startChanged(context);
    await write(context, created({ "c.txt": "c\n" }));
    const result = await adapter.revert(repo, { commitId: changed, branch: "main", message: "Take back", user });
    equal(result.branchCreated, false);
    equal(await tipOf(context, "main"), result.commitId);
    equal(await textAt(context, "main", "a.txt"), "a\n");
    equal(await textAt(context, "main", "c.txt"), "c\n");
    equal((await adapter.findCommit(repo, "main"))?.subject, "Take back");
  }),

  changing("a revert words its message as git does", async (context) => {
    const { adapter, repo, user } = context;
    const changed = await startChanged(context);
    await adapter.revert(repo, { commitId: changed, branch: "main", user });
    const commit = await adapter.findCommit(repo, "main");
    equal(commit?.subject, 'Revert "Change a"');
    ok(commit.body.includes(`This reverts commit ${changed}.`), "the body names the commit");
  }),

  changing("a revert on a new branch", async (context) => {
    const { adapter, repo, user } = context;
    const changed = await startChanged(context);
    const request = { commitId: changed, branch: "back", startBranch: "main", message: "Back", user };
    equal((await adapter.revert(repo, request)).branchCreated, true);
    equal(await textAt(context, "back", "a.txt"), "a\n");
    equal(await tipOf(context, "main"), changed);
  }),

  changing("a revert that does not apply, or changes nothing", async (context) => {
    const { adapter, repo, user } = context;
    const changed = await startChanged(context);
    const revert = () => adapter.revert(repo, { commitId: changed, branch: "main", message: "Back", user });
    await write(context, [{ type: "update", path: "a.txt", content: "B\n" }]);
    const other = await tipOf(context, "main");
    await rejectionOf("does not apply", revert(), ConflictError);
    equal(await tipOf(context, "main"), other);
    await write(context, [{ type: "update", path: "a.txt", content: "a\n" }]);
    const undone = await tipOf(context, "main");
    await rejectionOf("changes nothing", revert(), ConflictError);
    equal(await tipOf(context, "main"), undone);
  }),

  changing("a revert only where the branch is expected", async (context) => {
    const { adapter, repo, user } = context;
    const changed = await startChanged(context);
    const first = (await adapter.findCommit(repo, "main~1"))?.id ?? "";
    const request = { commitId: changed, branch: "main", message: "Back", user };
    await rejection(adapter.revert(repo, { ...request, expectedOldId: first }), ConflictError);
    equal(await tipOf(context, "main"), changed);
    await adapter.revert(repo, { ...request, expectedOldId: changed });
    equal(await textAt(context, "main", "a.txt"), "a\n");
  }),

  changing("a revert needs a commit that exists", async (context) => {
    const { adapter, repo, user } = context;
    await start(context);
    const request = { commitId: ABSENT_ID, branch: "main", message: "Back", user };
    await rejection(adapter.revert(repo, request), NotFoundError);
  }),
];

/** Merging, replaying, taking back. */
export const MERGE_CHECKS: readonly ContractCheck[] = [...BRANCH_MERGES, ...TO_REFS, ...REVERTS];
