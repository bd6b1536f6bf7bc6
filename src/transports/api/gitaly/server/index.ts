import type { GitalyDoor } from "../door.ts";
import { ServerService } from "../generated/server_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { serverInfo } from "./server-info.ts";

/** gitaly.ServerService */
export function serverService(door: GitalyDoor): BoundService {
  return service(ServerService, { serverInfo: serverInfo(door) });
}
