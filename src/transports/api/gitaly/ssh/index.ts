import type { GitalyDoor } from "../door.ts";
import { SSHService } from "../generated/ssh_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { sshReceivePack } from "./ssh-receive-pack.ts";
import { sshUploadArchive } from "./ssh-upload-archive.ts";
import { sshUploadPack } from "./ssh-upload-pack.ts";

/** gitaly.SSHService; SSHUploadPackWithSidechannel, whose bytes need a channel beside gRPC, is unknown here. */
export function sshService(door: GitalyDoor): BoundService {
  return service(SSHService, {
    sSHUploadPack: sshUploadPack(door),
    sSHReceivePack: sshReceivePack(door),
    sSHUploadArchive: sshUploadArchive(door),
  });
}
