import { receivePack } from "../../../../operations/index.ts";
import type { GitalyDoor } from "../door.ts";
import type { SmartHTTPService } from "../generated/smarthttp_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { conversationCaller, conversationInput, dataMessages } from "./git-conversation.ts";
import { dataOf, firstRequest } from "./request-data.ts";

/** SmartHTTPService.PostReceivePack */
export function postReceivePack(door: GitalyDoor): MethodHandler<typeof SmartHTTPService.method.postReceivePack> {
  return async function* (requests, call) {
    const stream = requests[Symbol.asyncIterator]();
    const request = await firstRequest(door, call, stream);
    if (door.callerIdsRequired && request.glId === "") {
      throw await invalidArgument(door, call, request.repository, "empty GlId");
    }
    const input = conversationInput(request, "stateless");
    yield* dataMessages(door.engine.run(receivePack, input, conversationCaller(call, request), dataOf(stream)));
  };
}
