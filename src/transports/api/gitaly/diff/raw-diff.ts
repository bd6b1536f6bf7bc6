import { encodeUtf8 } from "../../../../domain/bytes.ts";
import { rawDiff } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { DiffService } from "../generated/diff_pb.ts";
import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { piecesOf } from "../stream-bytes.ts";
import { checkSides, statusOfSides } from "./sides.ts";

const DATA = 1;
const NOTHING = new Uint8Array();

/** DiffService.RawDiff */
export function rawDiffHandler(door: GitalyDoor): MethodHandler<typeof DiffService.method.rawDiff> {
  return async function* (request, call) {
    await checkSides(door, call, request);
    const input = {
      repository: repositoryArgument(request.repository),
      left: encodeUtf8(request.leftCommitId),
      right: encodeUtf8(request.rightCommitId),
    };
    try {
      for await (const chunk of door.engine.run(rawDiff, input, callerOf(call))) {
        if (chunk.byteLength === 0) continue;
        for (const piece of piecesOf(chunk)) yield EncodedMessage.joining(NOTHING, DATA, piece);
      }
    } catch (error) {
      throw statusOfSides(error, StatusCode.INTERNAL) ?? error;
    }
  };
}
