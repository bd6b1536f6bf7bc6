import { uploadPack } from "../../../../operations/index.ts";
import type { GitalyDoor } from "../door.ts";
import type { SmartHTTPService } from "../generated/smarthttp_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { conversationCaller, conversationInput, dataMessages } from "./git-conversation.ts";
import { dataOf, firstRequest } from "./request-data.ts";

/** SmartHTTPService.PostUploadPack */
export function postUploadPack(door: GitalyDoor): MethodHandler<typeof SmartHTTPService.method.postUploadPack> {
  return async function* (requests, call) {
    const stream = requests[Symbol.asyncIterator]();
    const request = await firstRequest(door, call, stream);
    const input = conversationInput(request, "stateless");
    yield* dataMessages(door.engine.run(uploadPack, input, conversationCaller(call, request), dataOf(stream)));
  };
}
