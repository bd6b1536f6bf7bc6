import { encodeUtf8, fromByteString } from "../../../../domain/bytes.ts";
import type { DiffStat } from "../../../../domain/diff.ts";
import { diffStats } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { DiffService } from "../generated/diff_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { checkSides, statusOfSides } from "./sides.ts";

const ROWS_PER_MESSAGE = 1000;

/** DiffService.DiffStats */
export function diffStatsHandler(door: GitalyDoor): MethodHandler<typeof DiffService.method.diffStats> {
  return async function* (request, call) {
    await checkSides(door, call, request);
    const input = {
      repository: repositoryArgument(request.repository),
      left: encodeUtf8(request.leftCommitId),
      right: encodeUtf8(request.rightCommitId),
    };
    try {
      let stats: ReturnType<typeof rowOf>[] = [];
      for await (const batch of door.engine.run(diffStats, input, callerOf(call))) {
        for (const stat of batch) {
          stats.push(rowOf(stat));
          if (stats.length < ROWS_PER_MESSAGE) continue;
          yield { stats };
          stats = [];
        }
      }
      if (stats.length > 0) yield { stats };
    } catch (error) {
      throw statusOfSides(error, StatusCode.FAILED_PRECONDITION) ?? error;
    }
  };
}

function rowOf({ path, oldPath, additions, deletions }: DiffStat) {
  return {
    path: fromByteString(path),
    additions,
    deletions,
    ...(oldPath === undefined ? {} : { oldPath: fromByteString(oldPath) }),
  };
}
