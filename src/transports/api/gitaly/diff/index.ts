import type { GitalyDoor } from "../door.ts";
import { DiffService } from "../generated/diff_pb.ts";
import { type BoundService, service } from "../grpc/service.ts";

/** gitaly.DiffService */
export function diffService(_door: GitalyDoor): BoundService {
  return service(DiffService, {});
}
