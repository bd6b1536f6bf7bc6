import type { DiffEntry, DiffStatus } from "../../../../domain/diff.ts";
import { encodeUtf8 } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { findChangedPaths } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  ChangedPaths_Status as Status,
  type DiffService,
  type FindChangedPathsRequest,
  FindChangedPathsRequest_MergeCommitDiffMode as MergeMode,
  type FindChangedPathsRequest_Request as Request,
} from "../generated/diff_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { chunked } from "../wire/chunked.ts";
import type { MessageWriter } from "../wire/message-writer.ts";
import { textOf } from "../write-errors.ts";

const STATUSES: Readonly<Record<DiffStatus, Status>> = {
  added: Status.ADDED,
  modified: Status.MODIFIED,
  deleted: Status.DELETED,
  "type-changed": Status.TYPE_CHANGE,
  copied: Status.COPIED,
  renamed: Status.RENAMED,
};

/** A commit with its parents, or two trees. */
type Question = { commit: string; parents?: string[] } | { left: string; right: string };

/** DiffService.FindChangedPaths */
export function findChangedPathsHandler(door: GitalyDoor): MethodHandler<typeof DiffService.method.findChangedPaths> {
  return async function* (request, call) {
    const { repository, mergeCommitDiffMode } = request;
    const questions = questionsOf(request);
    const problem = problemOf(request, questions);
    if (problem !== undefined) throw await invalidArgument(door, call, repository, problem);
    const input = {
      repository: repositoryArgument(repository),
      questions,
      merges: mergeCommitDiffMode === MergeMode.ALL_PARENTS ? ("all-parents" as const) : ("include" as const),
    };
    try {
      yield* chunked(door.engine.run(findChangedPaths, input, callerOf(call)), writeChangedPath);
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function questionsOf({ commits, requests }: FindChangedPathsRequest): Question[] {
  return commits.length > 0 ? commits.map((commit) => ({ commit: encodeUtf8(commit) })) : requests.map(questionOf);
}

function questionOf({ type }: Request): Question {
  if (type.case === "treeRequest") {
    return { left: encodeUtf8(type.value.leftTreeRevision), right: encodeUtf8(type.value.rightTreeRevision) };
  }
  const parents = type.value?.parentCommitRevisions.map(encodeUtf8) ?? [];
  return { commit: encodeUtf8(type.value?.commitRevision ?? ""), ...(parents.length === 0 ? {} : { parents }) };
}

function problemOf({ commits, requests }: FindChangedPathsRequest, questions: readonly Question[]): string | undefined {
  if (commits.length > 0 && requests.length > 0) return "cannot specify both commits and requests";
  for (const question of questions) {
    const empty = emptyPartOf(question);
    if (empty !== undefined) return `resolving ${empty}: revision cannot be empty`;
  }
  return undefined;
}

function emptyPartOf(question: Question): string | undefined {
  if ("left" in question) return question.left === "" ? "left tree" : question.right === "" ? "right tree" : undefined;
  if (question.commit === "") return "commit";
  return question.parents?.includes("") === true ? "commit parent" : undefined;
}

function writeChangedPath(writer: MessageWriter, change: DiffEntry & { readonly commitOid: string }): void {
  const { status, oldPath, newPath, score, commitOid } = change;
  const start = writer.begin(1);
  writer.text(1, newPath);
  writer.integer(2, STATUSES[status]);
  writer.integer(3, change.oldMode);
  writer.integer(4, change.newMode);
  writer.text(5, change.oldOid);
  writer.text(6, change.newOid);
  if (oldPath !== newPath) writer.text(7, oldPath);
  writer.integer(8, score);
  writer.text(9, commitOid);
  writer.end(start);
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (!hasReason(error, "revision_not_found")) return undefined;
  const { revision, field = "commit" } = error.details;
  const text = `resolving ${field}: revision can not be found: ${JSON.stringify(textOf(revision))}`;
  return new GrpcStatusError(StatusCode.NOT_FOUND, text, { cause: error });
}
