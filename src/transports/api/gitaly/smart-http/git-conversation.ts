import type { Caller } from "../../../../contract/principal.ts";
import { callerOf } from "../caller.ts";
import type { Repository } from "../generated/shared_pb.ts";
import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { GrpcCall } from "../../grpc/handler.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { piecesOf } from "../stream-bytes.ts";

/** The field `data` of all answers. */
const DATA = 1;
const NOTHING = new Uint8Array();

/** What requests say of the conversation, besides its bytes. */
export interface ConversationRequest {
  readonly repository?: Repository | undefined;
  readonly gitProtocol: string;
  readonly gitConfigOptions: readonly string[];
}

/** The input of uploadPack and receivePack. */
export function conversationInput<M extends "advertise" | "stateless">(request: ConversationRequest, mode: M) {
  const { gitProtocol, gitConfigOptions } = request;
  return {
    repository: repositoryArgument(request.repository),
    mode,
    ...(gitProtocol === "" ? {} : { protocol: gitProtocol }),
    ...(gitConfigOptions.length === 0 ? {} : { configOptions: [...gitConfigOptions] }),
  };
}

/** The caller of a conversation; hooks hear that it came over HTTP. */
export function conversationCaller(
  call: GrpcCall,
  request: {
    readonly repository?: Repository | undefined;
    readonly glId?: string;
    readonly glUsername?: string;
    readonly glRepository?: string;
  },
): Caller {
  const { glId = "", glUsername = "", glRepository = "" } = request;
  const caller = callerOf(call, request);
  return {
    ...caller,
    glProtocol: "http",
    ...(glId === "" && glUsername === ""
      ? {}
      : { actor: { id: glId, username: glUsername, name: NOTHING, email: NOTHING } }),
    ...(glRepository === "" ? {} : { glRepository }),
  };
}

/** Bytes as messages with one field `data`, of a size that clients take. */
export async function* dataMessages(outputs: AsyncIterable<Uint8Array>): AsyncGenerator<EncodedMessage> {
  for await (const output of outputs) {
    if (output.byteLength === 0) continue;
    for (const piece of piecesOf(output)) yield EncodedMessage.joining(NOTHING, DATA, piece);
  }
}
