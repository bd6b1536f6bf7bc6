import type { GitalyDoor } from "../door.ts";
import { BlobService } from "../generated/blob_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { getBlobHandler } from "./get-blob.ts";
import { getBlobsHandler } from "./get-blobs.ts";
import { listBlobsHandler } from "./list-blobs.ts";

/** gitaly.BlobService */
export function blobService(door: GitalyDoor): BoundService {
  return service(BlobService, {
    getBlob: getBlobHandler(door),
    getBlobs: getBlobsHandler(door),
    listBlobs: listBlobsHandler(door),
  });
}
