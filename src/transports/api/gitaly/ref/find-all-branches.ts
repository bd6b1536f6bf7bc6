import { toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { listAllBranches } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { RefService } from "../generated/ref_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { lines } from "../wire/lines.ts";
import type { MessageWriter } from "../wire/message-writer.ts";
import { writeGitCommit } from "../wire/write-git-commit.ts";
import { type ListedBranch, statusOfBrokenBranch } from "./listed-branch.ts";

/** RefService.FindAllBranches */
export function findAllBranches(door: GitalyDoor): MethodHandler<typeof RefService.method.findAllBranches> {
  return async function* (request, call) {
    const { mergedOnly, mergedBranches } = request;
    const input = {
      repository: repositoryArgument(request.repository),
      mergedOnly,
      ...(mergedOnly && mergedBranches.length > 0 ? { patterns: mergedBranches.map(toByteString) } : {}),
    };
    try {
      yield* lines(door.engine.run(listAllBranches, input, callerOf(call)), writeBranch);
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function writeBranch(writer: MessageWriter, { name, commit }: ListedBranch): void {
  const start = writer.begin(1);
  writer.text(1, name);
  writeGitCommit(writer, 2, commit);
  writer.end(start);
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (hasReason(error, "reference_not_found")) {
    return new GrpcStatusError(StatusCode.INTERNAL, "finding refs: there is no default branch", { cause: error });
  }
  return statusOfBrokenBranch(error);
}
