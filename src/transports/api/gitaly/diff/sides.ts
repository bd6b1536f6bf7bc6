import { hasReason } from "../../../../domain/errors.ts";
import type { GitalyDoor } from "../door.ts";
import type { Repository } from "../generated/shared_pb.ts";
import type { GrpcCall } from "../../grpc/handler.ts";
import type { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { textOf } from "../write-errors.ts";

interface Sides {
  readonly repository?: Repository | undefined;
  readonly leftCommitId: string;
  readonly rightCommitId: string;
}

/** Throws INVALID_ARGUMENT when a request names only one side of a difference, or none. */
export async function checkSides(door: GitalyDoor, call: GrpcCall, request: Sides): Promise<void> {
  const problem = firstProblem(
    [request.leftCommitId === "", "empty LeftCommitId"],
    [request.rightCommitId === "", "empty RightCommitId"],
  );
  if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
}

/** The status for a side that does not exist; undefined for other errors. */
export function statusOfSides(error: unknown, code: Exclude<StatusCode, 0>): GrpcStatusError | undefined {
  if (!hasReason(error, "revision_not_found")) return undefined;
  const text = `revision not found: ${JSON.stringify(textOf(error.details.revision))}`;
  return new GrpcStatusError(code, text, { cause: error });
}
