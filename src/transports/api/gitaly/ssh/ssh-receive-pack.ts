import { receivePack } from "../../../../operations/index.ts";
import type { GitalyDoor } from "../door.ts";
import type { SSHService } from "../generated/ssh_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { statefulInput } from "./stateful-input.ts";
import { answers, firstRequest, sshCaller, stdinOf } from "./ssh-conversation.ts";

/** SSHService.SSHReceivePack */
export function sshReceivePack(door: GitalyDoor): MethodHandler<typeof SSHService.method.sSHReceivePack> {
  return async function* (requests, call) {
    const stream = requests[Symbol.asyncIterator]();
    const request = await firstRequest(door, call, stream, "non-empty data in first request");
    const { repository, glId, glRepository } = request;
    if (door.callerIdsRequired && glId === "") throw await invalidArgument(door, call, repository, "empty GlId");
    const caller = { ...sshCaller(call, request), ...(glRepository === "" ? {} : { glRepository }) };
    yield* answers(door.engine.run(receivePack, statefulInput(request), caller, stdinOf(stream)));
  };
}
