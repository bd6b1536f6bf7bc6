import type { GitalyDoor } from "../door.ts";
import { RefService } from "../generated/ref_pb.ts";
import { type BoundService, service } from "../grpc/service.ts";
import { deleteRefs } from "./delete-refs.ts";
import { updateReferencesHandler } from "./update-references.ts";

/** gitaly.RefService */
export function refService(door: GitalyDoor): BoundService {
  return service(RefService, { deleteRefs: deleteRefs(door), updateReferences: updateReferencesHandler(door) });
}
