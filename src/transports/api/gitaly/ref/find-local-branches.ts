import { hasReason } from "../../../../domain/errors.ts";
import { listBranches } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import { FindLocalBranchesRequest_SortBy as SortBy, type RefService } from "../generated/ref_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { pageArgument } from "../page-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { lines } from "../wire/lines.ts";
import { writeGitCommit } from "../wire/write-git-commit.ts";
import type { ListedBranch } from "./listed-branch.ts";
import { statusOfBrokenBranch } from "./listed-branch.ts";
import type { MessageWriter } from "../wire/message-writer.ts";

/** RefService.FindLocalBranches */
export function findLocalBranches(door: GitalyDoor): MethodHandler<typeof RefService.method.findLocalBranches> {
  return async function* (request, call) {
    const input = {
      repository: repositoryArgument(request.repository),
      ...orderOf(request.sortBy),
      ...pageArgument(request.paginationParams),
    };
    try {
      yield* lines(door.engine.run(listBranches, input, callerOf(call)), writeBranch);
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function orderOf(sortBy: SortBy): { sort: "name" | "updated"; direction: "ascending" | "descending" } {
  if (sortBy === SortBy.UPDATED_ASC) return { sort: "updated", direction: "ascending" };
  if (sortBy === SortBy.UPDATED_DESC) return { sort: "updated", direction: "descending" };
  return { sort: "name", direction: "ascending" };
}

function writeBranch(writer: MessageWriter, { name, commit }: ListedBranch): void {
  const start = writer.begin(2);
  writer.text(1, name);
  writeGitCommit(writer, 2, commit);
  writer.end(start);
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (hasReason(error, "page_token_not_found")) {
    const text = "finding refs: sending lines: could not find page token";
    return new GrpcStatusError(StatusCode.INTERNAL, text, { cause: error });
  }
  return statusOfBrokenBranch(error);
}
