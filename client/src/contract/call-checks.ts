import { equal, ok, rejects } from "node:assert/strict";
import type { CallOptions } from "../call-options.ts";
import { GitError, NotFoundError, ValidationError } from "../errors.ts";
import { changing, type ContractCheck, type ContractContext, reading } from "./contract-check.ts";
import { gathered, rejectionOf } from "./expectations.ts";
import { unevenBytes } from "./tree-checks.ts";
import { ABSENT_ID, created, start, tipOf, write } from "./written-repository.ts";

type Call = readonly [name: string, call: () => Promise<unknown>];

/** Each reading method that answers for what is in a repository. */
function reads({ adapter, repo }: ContractContext, options?: CallOptions): readonly Call[] {
  const tree = { revision: "main" };
  const file = { revision: "main", path: "README.md" };
  const range = { from: "main", to: "main" };
  const commits = { revisions: ["main"] };
  return [
    ["findBranch", () => adapter.findBranch(repo, "main", options)],
    ["listBranches", () => adapter.listBranches(repo, options)],
    ["getTreeEntries", () => adapter.getTreeEntries(repo, tree, options)],
    ["streamTreeEntries", () => gathered(adapter.streamTreeEntries(repo, tree, options))],
    ["getBlob", () => adapter.getBlob(repo, file, options)],
    ["streamBlob", () => gathered(adapter.streamBlob(repo, file, options))],
    ["commitDiff", () => adapter.commitDiff(repo, range, options)],
    ["streamCommitDiff", () => gathered(adapter.streamCommitDiff(repo, range, options))],
    ["rawDiff", () => adapter.rawDiff(repo, range, options)],
    ["streamRawDiff", () => gathered(adapter.streamRawDiff(repo, range, options))],
    ["diffStats", () => adapter.diffStats(repo, range, options)],
    ["findCommit", () => adapter.findCommit(repo, "main", options)],
    ["listCommits", () => adapter.listCommits(repo, commits, options)],
    ["streamCommits", () => gathered(adapter.streamCommits(repo, commits, options))],
    ["isAncestor", () => adapter.isAncestor(repo, { ancestor: ABSENT_ID, descendant: ABSENT_ID }, options)],
    ["findTag", () => adapter.findTag(repo, "v1", options)],
    ["listTags", () => adapter.listTags(repo, options)],
  ];
}

/** Each method that changes something in a repository. */
function changes({ adapter, repo, user }: ContractContext, options?: CallOptions): readonly Call[] {
  const to = { sourceId: ABSENT_ID, targetRef: "refs/merge-requests/1/merge", firstParentRef: "refs/heads/main", user };
  const merge = { branch: "main", sourceId: ABSENT_ID, message: "Merge", user };
  const commit = { branch: "main", message: "Files", actions: created({ "a.txt": "a\n" }), user };
  const revert = { commitId: ABSENT_ID, branch: "main", message: "Back", user };
  const updates = [{ ref: "refs/heads/x", newId: ABSENT_ID }];
  return [
    ["createBranch", () => adapter.createBranch(repo, { name: "x", startPoint: "main", user }, options)],
    ["deleteBranch", () => adapter.deleteBranch(repo, { name: "main", user }, options)],
    ["commitFiles", () => adapter.commitFiles(repo, commit, options)],
    ["mergeToRef", () => adapter.mergeToRef(repo, { ...to, message: "Merge" }, options)],
    ["mergeBranch", () => adapter.mergeBranch(repo, merge, options)],
    ["rebaseToRef", () => adapter.rebaseToRef(repo, to, options)],
    ["createTag", () => adapter.createTag(repo, { name: "v1", target: "main", user }, options)],
    ["deleteTag", () => adapter.deleteTag(repo, { name: "v1", user }, options)],
    ["revert", () => adapter.revert(repo, revert, options)],
    ["updateReferences", () => adapter.updateReferences(repo, { user, updates }, options)],
  ];
}

interface Ending {
  readonly signal: AbortSignal;
  readonly abort: (reason: Error) => void;
}

function ending(): Ending {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}

const LARGE_BYTES = 6 * 1024 * 1024;

/** What holds for every call. */
export const CALL_CHECKS: readonly ContractCheck[] = [
  reading("no method reads a repository that does not exist", async (context) => {
    for (const [name, call] of reads(context)) await rejectionOf(name, call(), NotFoundError);
  }),

  reading("no method changes a repository that does not exist", async (context) => {
    for (const [name, call] of changes(context)) await rejectionOf(name, call(), NotFoundError);
    equal(await context.adapter.repoExists(context.repo), false);
  }),

  reading("errors carry a code", async (context) => {
    const { adapter, repo } = context;
    const error = await rejectionOf("listBranches", adapter.listBranches(repo), GitError);
    equal(error.code, "NOT_FOUND");
    equal(error.name, "NotFoundError");
    equal(error.retryable, false);
    equal(error.outcomeUnknown, false);
    ok(error.message.length > 0, "the message says something");
  }),

  changing("a signal that was given before ends every call", async (context) => {
    const tip = await start(context);
    const reason = new Error("nobody waits any more");
    const options = { signal: AbortSignal.abort(reason) };
    for (const [name, call] of [...reads(context, options), ...changes(context, options)])
      await rejects(call(), (error) => error === reason, `${name} rejects with the signal's reason`);
    equal(await tipOf(context, "main"), tip);
  }),

  changing("a signal that is not given does nothing", async (context) => {
    const { adapter, repo } = context;
    const tip = await start(context);
    const controller = new AbortController();
    equal((await adapter.findBranch(repo, "main", { signal: controller.signal }))?.commit.id, tip);
    controller.abort();
    equal((await adapter.findBranch(repo, "main"))?.commit.id, tip);
  }),

  changing("a signal ends a commit whose files do not come, and a merge whose approval does not", async (context) => {
    const { adapter, repo, user } = context;
    const tip = await start(context);
    const reason = new Error("enough");
    const never = () => new Promise<never>(() => undefined);
    const commit = async ({ signal, abort }: Ending) => {
      async function* actions() {
        yield* created({ "a.txt": "a\n" });
        abort(reason);
        await never();
      }
      await adapter.commitFiles(repo, { branch: "main", message: "Half", user, actions: actions() }, { signal });
    };
    await rejects(commit(ending()), (error) => error === reason);
    const merge = async ({ signal, abort }: Ending) => {
      const approve = () => {
        abort(reason);
        return never();
      };
      const request = { branch: "main", sourceId: tip, message: "Merge", user, approve };
      await adapter.mergeBranch(repo, request, { signal });
    };
    await rejects(merge(ending()), (error) => error === reason);
    equal(await tipOf(context, "main"), tip);
  }),

  reading("a time that is none is refused", async (context) => {
    for (const timeoutMs of [0, -1, NaN]) {
      const { adapter, repo } = context;
      await rejectionOf(String(timeoutMs), adapter.findBranch(repo, "main", { timeoutMs }), ValidationError);
    }
  }),

  changing(
    "a signal ends a stream in the middle",
    async (context) => {
      const { adapter, repo } = context;
      await start(context, { "large.bin": unevenBytes(LARGE_BYTES) });
      const controller = new AbortController();
      const reason = new Error("enough");
      const request = { revision: "main", path: "large.bin" };
      const pieces: Uint8Array[] = [];
      const reading = async () => {
        for await (const piece of adapter.streamBlob(repo, request, { signal: controller.signal })) {
          pieces.push(piece);
          controller.abort(reason);
        }
      };
      await rejects(reading(), (error) => error === reason);
      equal(pieces.length, 1);
    },
    "large",
  ),

  changing("a stream may be left early", async (context) => {
    const { adapter, repo } = context;
    await start(context, { "a.txt": "a\n", "b.txt": "b\n" });
    for await (const entry of adapter.streamTreeEntries(repo, { revision: "main" })) {
      equal(entry.path, "a.txt");
      break;
    }
    equal((await adapter.getTreeEntries(repo, { revision: "main" })).length, 2);
  }),

  changing("repositories do not see each other", async (context) => {
    const { adapter, repo } = context;
    const other = { ...context, repo: { ...repo, relativePath: `other-${repo.relativePath}` } };
    const id = await start(context);
    await start(other, { "other.txt": "other\n" });
    try {
      equal(await adapter.findCommit(other.repo, id), null);
      await write(other, created({ "b.txt": "b\n" }));
      equal(await tipOf(context, "main"), id);
    } finally {
      await adapter.removeRepo(other.repo);
    }
    equal(await tipOf(context, "main"), id);
  }),
];
