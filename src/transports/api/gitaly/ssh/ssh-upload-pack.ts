import { uploadPack } from "../../../../operations/index.ts";
import type { GitalyDoor } from "../door.ts";
import type { SSHService } from "../generated/ssh_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { statefulInput } from "./stateful-input.ts";
import { answers, firstRequest, sshCaller, stdinOf } from "./ssh-conversation.ts";

/** SSHService.SSHUploadPack */
export function sshUploadPack(door: GitalyDoor): MethodHandler<typeof SSHService.method.sSHUploadPack> {
  return async function* (requests, call) {
    const stream = requests[Symbol.asyncIterator]();
    const request = await firstRequest(door, call, stream);
    yield* answers(door.engine.run(uploadPack, statefulInput(request), sshCaller(call, request), stdinOf(stream)));
  };
}
