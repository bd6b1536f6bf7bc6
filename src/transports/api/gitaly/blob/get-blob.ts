import { encodeUtf8 } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { getBlob } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { BlobService } from "../generated/blob_pb.ts";
import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { piecesOf } from "../stream-bytes.ts";
import { MessageWriter } from "../wire/message-writer.ts";

const DATA = 2;
const NOTHING = new Uint8Array();

/** BlobService.GetBlob: one empty answer for what does not exist or is no blob. */
export function getBlobHandler(door: GitalyDoor): MethodHandler<typeof BlobService.method.getBlob> {
  return async function* (request, call) {
    if (request.oid === "") throw await invalidArgument(door, call, request.repository, "empty Oid");
    const input = {
      repository: repositoryArgument(request.repository),
      blob: encodeUtf8(request.oid),
      ...(request.limit < 0n ? {} : { bytesMax: Number(request.limit) }),
    };
    try {
      for await (const parts of door.engine.run(getBlob, input, callerOf(call))) {
        for (const { oid, size = 0, data } of parts) {
          let head = oid === undefined ? NOTHING : describe(oid, size);
          for (const piece of piecesOf(data)) {
            yield EncodedMessage.joining(head, DATA, piece);
            head = NOTHING;
          }
        }
      }
    } catch (error) {
      if (!hasReason(error, "object_not_found")) throw error;
      yield {};
    }
  };
}

/** Reused for each answer: what it holds is copied before anything is awaited. */
const writer = new MessageWriter();

/** The fields of GetBlobResponse that are not data. */
function describe(oid: string, size: number): Uint8Array {
  writer.clear();
  writer.integer(1, size);
  writer.text(3, oid);
  return writer.written();
}
