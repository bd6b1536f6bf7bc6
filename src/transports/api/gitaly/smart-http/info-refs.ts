import { receivePack, uploadPack } from "../../../../operations/index.ts";
import { encodePacket, FLUSH } from "../../../../wire/pkt-line.ts";
import type { GitalyDoor } from "../door.ts";
import type { SmartHTTPService } from "../generated/smarthttp_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { conversationCaller, conversationInput, dataMessages } from "./git-conversation.ts";

/** SmartHTTPService.InfoRefsUploadPack */
export function infoRefsUploadPack(door: GitalyDoor): MethodHandler<typeof SmartHTTPService.method.infoRefsUploadPack> {
  return (request, call) => {
    const input = conversationInput(request, "advertise");
    const outputs = door.engine.run(uploadPack, input, conversationCaller(call, request));
    return dataMessages(advertisement("git-upload-pack", outputs));
  };
}

/** SmartHTTPService.InfoRefsReceivePack */
export function infoRefsReceivePack(
  door: GitalyDoor,
): MethodHandler<typeof SmartHTTPService.method.infoRefsReceivePack> {
  return (request, call) => {
    const input = conversationInput(request, "advertise");
    const outputs = door.engine.run(receivePack, input, conversationCaller(call, request));
    return dataMessages(advertisement("git-receive-pack", outputs));
  };
}

/** As in Gitaly, the line that names the service comes first in every version, once it is known that there is an answer. */
async function* advertisement(service: string, outputs: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const named = Buffer.concat([encodePacket(`# service=${service}\n`), FLUSH]);
  let first = true;
  for await (const output of outputs) {
    if (first) yield named;
    first = false;
    yield output;
  }
  if (first) yield named;
}
