import type { GitalyDoor } from "../door.ts";
import { BlobService } from "../generated/blob_pb.ts";
import { type BoundService, service } from "../grpc/service.ts";

/** gitaly.BlobService */
export function blobService(_door: GitalyDoor): BoundService {
  return service(BlobService, {});
}
