import type { Caller } from "../../../../contract/principal.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { ExitStatus, Repository } from "../generated/shared_pb.ts";
import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { GrpcCall } from "../../grpc/handler.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { piecesOf } from "../stream-bytes.ts";

/** The field `stdout` of all answers. */
const STDOUT = 1;
const NOTHING = new Uint8Array();

const OK = 0;
/** What git exits with when it dies. */
const DIED = 128;

interface StreamRequest {
  readonly repository?: Repository | undefined;
  readonly stdin: Uint8Array;
}

/** Takes the first message, which must carry no data. Throws INVALID_ARGUMENT with Gitaly's text for one that does. */
export async function firstRequest<R extends StreamRequest>(
  door: GitalyDoor,
  call: GrpcCall,
  requests: AsyncIterator<R>,
  refusal = "non-empty stdin in first request",
): Promise<R> {
  const { value, done } = await requests.next();
  if (done === true) throw await invalidArgument(door, call, undefined, "repository not set");
  if (value.stdin.byteLength > 0) throw await invalidArgument(door, call, value.repository, refusal);
  return value;
}

/** What the client sends, from the messages that follow. */
export async function* stdinOf(requests: AsyncIterator<StreamRequest>): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { value, done } = await requests.next();
      if (done === true) return;
      if (value.stdin.byteLength > 0) yield value.stdin;
    }
  } finally {
    await requests.return?.();
  }
}

/** The caller of a conversation; hooks hear that it came over SSH. */
export function sshCaller(
  call: GrpcCall,
  request: { readonly repository?: Repository | undefined; readonly glId?: string; readonly glUsername?: string },
): Caller {
  const { glId = "", glUsername = "" } = request;
  const actor = { id: glId, username: glUsername, name: NOTHING, email: NOTHING };
  const caller = callerOf(call, request);
  return { ...caller, glProtocol: "ssh", ...(glId === "" && glUsername === "" ? {} : { actor }) };
}

/**
 * A conversation as answers: its bytes, then the exit status. One that fails before its first byte is a failed call; later the client
 * hears of it within the conversation, and both the status and the failed call follow, as from Gitaly.
 */
export async function* answers(
  outputs: AsyncIterable<Uint8Array>,
): AsyncGenerator<EncodedMessage | { exitStatus: Pick<ExitStatus, "value"> & { $typeName: "gitaly.ExitStatus" } }> {
  let began = false;
  try {
    for await (const output of outputs) {
      began = true;
      if (output.byteLength === 0) continue;
      for (const piece of piecesOf(output)) yield EncodedMessage.joining(NOTHING, STDOUT, piece);
    }
  } catch (error) {
    if (began) yield exitStatus(DIED);
    throw error;
  }
  yield exitStatus(OK);
}

const exitStatus = (value: number) => ({ exitStatus: { $typeName: "gitaly.ExitStatus" as const, value } });
