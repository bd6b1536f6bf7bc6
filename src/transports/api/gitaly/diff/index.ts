import type { GitalyDoor } from "../door.ts";
import { DiffService } from "../generated/diff_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { commitDiff } from "./commit-diff.ts";
import { diffStatsHandler } from "./diff-stats.ts";
import { findChangedPathsHandler } from "./find-changed-paths.ts";
import { rawDiffHandler } from "./raw-diff.ts";

/** gitaly.DiffService */
export function diffService(door: GitalyDoor): BoundService {
  return service(DiffService, {
    commitDiff: commitDiff(door),
    diffStats: diffStatsHandler(door),
    findChangedPaths: findChangedPathsHandler(door),
    rawDiff: rawDiffHandler(door),
  });
}
