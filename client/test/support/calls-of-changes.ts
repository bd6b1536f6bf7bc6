import type { CallOptions } from "../../src/call-options.ts";
import type { GitRepo } from "../../src/domain/repo.ts";
import type { GitAdapter } from "../../src/git-adapter.ts";
import type { Answer } from "./faulty-gitaly.ts";
import { CONTRACT_USER as user } from "./fresh-context.ts";

export const REPO: GitRepo = { storage: "default", relativePath: "faulty.git" };

export const OLD_ID = "1".repeat(40);
export const NEW_ID = "2".repeat(40);

/** A change as a faulty server sees it. */
export interface ChangeCall {
  /** The adapter's method. */
  readonly name: string;
  /** The protocol's. */
  readonly method: string;
  /** What a server answers when it succeeds. */
  readonly answers: readonly Answer[];
  readonly make: (adapter: GitAdapter, options?: CallOptions, expectedOldId?: string) => Promise<unknown>;
  /** Takes an expected old id. */
  readonly conditional: boolean;
}

const to = {
  sourceId: NEW_ID,
  targetRef: "refs/merge-requests/1/merge",
  firstParentRef: "refs/heads/main",
  user,
} as const;
const commitId = { commitId: NEW_ID };
const branchUpdate = { branchUpdate: commitId };
const expecting = (expectedOldId?: string) => (expectedOldId === undefined ? {} : { expectedOldId });

const UNCONDITIONAL: readonly Omit<ChangeCall, "conditional">[] = [
  {
    name: "createRepo",
    method: "CreateRepository",
    answers: [{}],
    make: (adapter, options) => adapter.createRepo(REPO, {}, options),
  },
  {
    name: "removeRepo",
    method: "RemoveRepository",
    answers: [{}],
    make: (adapter, options) => adapter.removeRepo(REPO, options),
  },
  {
    name: "createBranch",
    method: "UserCreateBranch",
    answers: [{ branch: { name: Buffer.from("topic"), targetCommit: { id: NEW_ID } } }],
    make: (adapter, options) => adapter.createBranch(REPO, { name: "topic", startPoint: NEW_ID, user }, options),
  },
  {
    name: "createTag",
    method: "UserCreateTag",
    answers: [{ tag: { name: Buffer.from("v1"), id: NEW_ID, targetCommit: { id: NEW_ID } } }],
    make: (adapter, options) => adapter.createTag(REPO, { name: "v1", target: NEW_ID, user }, options),
  },
];

const CONDITIONAL: readonly Omit<ChangeCall, "conditional">[] = [
  {
    name: "deleteBranch",
    method: "UserDeleteBranch",
    answers: [{}],
    make: (adapter, options, id) => adapter.deleteBranch(REPO, { name: "topic", user, ...expecting(id) }, options),
  },
  {
    name: "deleteTag",
    method: "UserDeleteTag",
    answers: [{}],
    make: (adapter, options, id) => adapter.deleteTag(REPO, { name: "v1", user, ...expecting(id) }, options),
  },
  {
    name: "commitFiles",
    method: "UserCommitFiles",
    answers: [branchUpdate],
    make: (adapter, options, id) => {
      const actions = [{ type: "create", path: "a.txt", content: "a\n" }] as const;
      return adapter.commitFiles(REPO, { branch: "main", message: "A", actions, user, ...expecting(id) }, options);
    },
  },
  {
    name: "mergeBranch",
    method: "UserMergeBranch",
    answers: [commitId, branchUpdate],
    make: (adapter, options, id) =>
      adapter.mergeBranch(REPO, { branch: "main", sourceId: NEW_ID, message: "M", user, ...expecting(id) }, options),
  },
  {
    name: "mergeToRef",
    method: "UserMergeToRef",
    answers: [commitId],
    make: (adapter, options, id) => adapter.mergeToRef(REPO, { ...to, message: "M", ...expecting(id) }, options),
  },
  {
    name: "rebaseToRef",
    method: "UserRebaseToRef",
    answers: [commitId],
    make: (adapter, options, id) => adapter.rebaseToRef(REPO, { ...to, ...expecting(id) }, options),
  },
  {
    name: "revert",
    method: "UserRevert",
    answers: [branchUpdate],
    make: (adapter, options, id) =>
      adapter.revert(REPO, { commitId: NEW_ID, branch: "main", message: "R", user, ...expecting(id) }, options),
  },
  {
    name: "updateReferences",
    method: "UpdateReferences",
    answers: [{}],
    make: (adapter, options, id) =>
      adapter.updateReferences(
        REPO,
        { user, updates: [{ ref: "refs/heads/main", oldId: id ?? "", newId: NEW_ID }] },
        options,
      ),
  },
];

/** Every method that changes something. */
export const CHANGE_CALLS: readonly ChangeCall[] = [
  ...UNCONDITIONAL.map((call) => ({ ...call, conditional: false })),
  ...CONDITIONAL.map((call) => ({ ...call, conditional: true })),
];
