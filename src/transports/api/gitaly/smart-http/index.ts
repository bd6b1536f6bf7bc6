import type { GitalyDoor } from "../door.ts";
import { SmartHTTPService } from "../generated/smarthttp_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { infoRefsReceivePack, infoRefsUploadPack } from "./info-refs.ts";
import { postReceivePack } from "./post-receive-pack.ts";
import { postUploadPack } from "./post-upload-pack.ts";

/** gitaly.SmartHTTPService; PostUploadPackWithSidechannel, whose bytes need a channel beside gRPC, is unknown here. */
export function smartHttpService(door: GitalyDoor): BoundService {
  return service(SmartHTTPService, {
    infoRefsUploadPack: infoRefsUploadPack(door),
    infoRefsReceivePack: infoRefsReceivePack(door),
    postUploadPack: postUploadPack(door),
    postReceivePack: postReceivePack(door),
  });
}
