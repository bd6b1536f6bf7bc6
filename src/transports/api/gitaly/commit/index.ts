import type { GitalyDoor } from "../door.ts";
import { CommitService } from "../generated/commit_pb.ts";
import { type BoundService, service } from "../grpc/service.ts";

/** gitaly.CommitService */
export function commitService(_door: GitalyDoor): BoundService {
  return service(CommitService, {});
}
