import { toByteString } from "../../../../domain/bytes.ts";
import type { Commit } from "../../../../domain/commit.ts";
import { findCommit } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { CommitService } from "../generated/commit_pb.ts";
import { gitCommitMessage } from "../git-commit-message.ts";
import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { problemOfRevision } from "../validate-revision.ts";
import { MessageWriter } from "../wire/message-writer.ts";
import { writeGitCommit } from "../wire/write-git-commit.ts";

/** CommitService.FindCommit */
export function findCommitHandler(door: GitalyDoor): MethodHandler<typeof CommitService.method.findCommit> {
  return async (request, call) => {
    const revision = toByteString(request.revision);
    const problem = problemOfRevision(revision);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const input = { repository: repositoryArgument(request.repository), revision, trailers: request.trailers };
    const { commit, trailers } = await door.engine.run(findCommit, input, callerOf(call));
    if (commit === undefined) return {};
    return trailers === undefined ? encoded(commit) : { commit: gitCommitMessage(commit, trailers) };
  };
}

/** Used from its first to its last byte without a pause, so that all calls can share it. */
const writer = new MessageWriter();

function encoded(commit: Commit): EncodedMessage {
  writer.clear();
  writeGitCommit(writer, 1, commit);
  return EncodedMessage.of(writer.written());
}
