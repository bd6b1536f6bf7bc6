import type { Commit } from "../../../../domain/commit.ts";
import { hasReason } from "../../../../domain/errors.ts";
import type { RefName } from "../../../../domain/reference.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";

/** A branch of a list. */
export interface ListedBranch {
  /** Full name. */
  readonly name: RefName;
  readonly commit: Commit;
}

/** The status that ends a list at a branch that is none; undefined for other errors. */
export function statusOfBrokenBranch(error: unknown): GrpcStatusError | undefined {
  if (!hasReason(error, "not_a_commit")) return undefined;
  return new GrpcStatusError(StatusCode.INTERNAL, "finding refs: object is not a commit", { cause: error });
}
