import { uploadArchive } from "../../../../operations/index.ts";
import type { GitalyDoor } from "../door.ts";
import type { SSHService } from "../generated/ssh_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { answers, firstRequest, sshCaller, stdinOf } from "./ssh-conversation.ts";

/** SSHService.SSHUploadArchive */
export function sshUploadArchive(door: GitalyDoor): MethodHandler<typeof SSHService.method.sSHUploadArchive> {
  return async function* (requests, call) {
    const stream = requests[Symbol.asyncIterator]();
    const request = await firstRequest(door, call, stream);
    const input = { repository: repositoryArgument(request.repository) };
    yield* answers(door.engine.run(uploadArchive, input, sshCaller(call, request), stdinOf(stream)));
  };
}
