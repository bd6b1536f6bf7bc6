import { create, type DescMessage, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BlobService } from "../src/transports/api/gitaly/generated/blob_pb.ts";
import { CommitService } from "../src/transports/api/gitaly/generated/commit_pb.ts";
import { DiffService } from "../src/transports/api/gitaly/generated/diff_pb.ts";
import { Health } from "../src/transports/api/grpc/generated/grpc/health/v1/health_pb.ts";
import {
  OperationService,
  UserCommitFilesActionHeader_ActionType as ActionType,
} from "../src/transports/api/gitaly/generated/operations_pb.ts";
import { RefService } from "../src/transports/api/gitaly/generated/ref_pb.ts";
import type { CallKind, PreparedCall } from "./load-client.ts";

/** Where a repository lies, as requests name it. */
export interface Target {
  readonly storageName: string;
  readonly relativePath: string;
  readonly glRepository: string;
}

/** Names a repository of the storage `default`. */
export const target = (relativePath: string, storageName = "default"): Target => ({
  storageName,
  relativePath,
  glRepository: "project-1",
});

const USER = {
  glId: "user-1",
  glUsername: "janedoe",
  name: Buffer.from("Jane Doe"),
  email: Buffer.from("jane@example.com"),
};

type Method = Pick<DescMethod, "input" | "name" | "methodKind" | "parent">;

const KINDS: Readonly<Record<string, CallKind>> = {
  unary: "unary",
  server_streaming: "server-stream",
  client_streaming: "client-stream",
};

function prepare<M extends Method>(method: M, ...requests: MessageInitShape<M["input"]>[]): PreparedCall {
  const input: DescMessage = method.input;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    kind: KINDS[method.methodKind]!,
    messages: requests.map((request) => Buffer.from(toBinary(input, create(input, request)))),
  };
}

const utf8 = (text: string): Buffer => Buffer.from(text);

/** The calls that the bench makes. */
export const calls = {
  check: () => prepare(Health.method.check, {}),
  treeEntry: (repository: Target, revision: string, path: string) =>
    prepare(CommitService.method.treeEntry, { repository, revision: utf8(revision), path: utf8(path) }),
  findCommit: (repository: Target, revision: string) =>
    prepare(CommitService.method.findCommit, { repository, revision: utf8(revision) }),
  getBlob: (repository: Target, oid: string) => prepare(BlobService.method.getBlob, { repository, oid, limit: -1n }),
  listCommits: (repository: Target, revision: string, limit: number) =>
    prepare(CommitService.method.listCommits, { repository, revisions: [revision], paginationParams: { limit } }),
  isAncestor: (repository: Target, ancestorId: string, childId: string) =>
    prepare(CommitService.method.commitIsAncestor, { repository, ancestorId, childId }),
  listTree: (repository: Target, revision: string, path = ".", recursive = true) =>
    prepare(CommitService.method.getTreeEntries, {
      repository,
      revision: utf8(revision),
      path: utf8(path),
      recursive,
    }),
  commitDiff: (repository: Target, leftCommitId: string, rightCommitId: string) =>
    prepare(DiffService.method.commitDiff, { repository, leftCommitId, rightCommitId }),
  rawDiff: (repository: Target, leftCommitId: string, rightCommitId: string) =>
    prepare(DiffService.method.rawDiff, { repository, leftCommitId, rightCommitId }),
  findLocalBranches: (repository: Target) => prepare(RefService.method.findLocalBranches, { repository }),
  listRefs: (repository: Target) => prepare(RefService.method.listRefs, { repository, patterns: [utf8("refs/")] }),
  createBranch: (repository: Target, branch: string, startPoint: string) =>
    prepare(OperationService.method.userCreateBranch, {
      repository,
      user: USER,
      branchName: utf8(branch),
      startPoint: utf8(startPoint),
    }),
  mergeToRef: (repository: Target, sourceSha: string, firstParent: string, targetRef: string) =>
    prepare(OperationService.method.userMergeToRef, {
      repository,
      user: USER,
      sourceSha,
      firstParentRef: utf8(firstParent),
      targetRef: utf8(targetRef),
      message: utf8("Merge\n"),
    }),
  commitFile: (repository: Target, branch: string, path: string, content: string) =>
    prepare(
      OperationService.method.userCommitFiles,
      {
        userCommitFilesRequestPayload: {
          case: "header",
          value: { repository, user: USER, branchName: utf8(branch), commitMessage: utf8(`Write ${path}\n`) },
        },
      },
      action({ case: "header", value: { action: ActionType.CREATE, filePath: utf8(path) } }),
      action({ case: "content", value: utf8(content) }),
    ),
};

type ActionPayload =
  | { readonly case: "header"; readonly value: { readonly action: ActionType; readonly filePath: Uint8Array } }
  | { readonly case: "content"; readonly value: Uint8Array };

function action(userCommitFilesActionPayload: ActionPayload) {
  return {
    userCommitFilesRequestPayload: { case: "action" as const, value: { userCommitFilesActionPayload } },
  };
}
