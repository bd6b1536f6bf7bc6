import type { GitalyDoor } from "../door.ts";
import type { Repository } from "../generated/shared_pb.ts";
import type { GrpcCall } from "../../grpc/handler.ts";
import { invalidArgument } from "../invalid-argument.ts";

interface DataRequest {
  readonly repository?: Repository | undefined;
  readonly data: Uint8Array;
}

/** Takes the first message, which must carry no data. Throws INVALID_ARGUMENT with Gitaly's text for one that does. */
export async function firstRequest<R extends DataRequest>(
  door: GitalyDoor,
  call: GrpcCall,
  requests: AsyncIterator<R>,
): Promise<R> {
  const { value, done } = await requests.next();
  if (done === true) throw await invalidArgument(door, call, undefined, "repository not set");
  if (value.data.byteLength > 0) throw await invalidArgument(door, call, value.repository, "non-empty Data");
  return value;
}

/** The data of the messages that follow. */
export async function* dataOf(requests: AsyncIterator<DataRequest>): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { value, done } = await requests.next();
      if (done === true) return;
      if (value.data.byteLength > 0) yield value.data;
    }
  } finally {
    await requests.return?.();
  }
}
