import { describeServer } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { ServerService } from "../generated/server_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";

/** ServerService.ServerInfo */
export function serverInfo(door: GitalyDoor): MethodHandler<typeof ServerService.method.serverInfo> {
  return async (_request, call) => {
    const { version, gitVersion, storages } = await door.engine.run(describeServer, {}, callerOf(call));
    return {
      serverVersion: version,
      gitVersion,
      storageStatuses: storages.map(({ name, readable, writeable, fsType, filesystemId }) => ({
        storageName: name,
        readable,
        writeable,
        fsType,
        filesystemId,
        replicationFactor: 1,
      })),
    };
  };
}
