import { encodeUtf8 } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { listBlobs } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { BlobService, ListBlobsRequest } from "../generated/blob_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { problemOfRevision } from "../validate-revision.ts";
import { chunked } from "../wire/chunked.ts";
import type { MessageWriter } from "../wire/message-writer.ts";
import { textOf } from "../write-errors.ts";

/** A piece of a blob: id and size in the first one, the path in every one. */
interface Piece {
  readonly oid?: string;
  readonly size?: number;
  readonly path?: string;
  readonly data: Uint8Array;
}

/** BlobService.ListBlobs */
export function listBlobsHandler(door: GitalyDoor): MethodHandler<typeof BlobService.method.listBlobs> {
  return async function* (request, call) {
    const revisions = request.revisions.map(encodeUtf8);
    const problem = problemOfRevisions(revisions);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    try {
      const pieces = door.engine.run(listBlobs, inputOf(request, revisions), callerOf(call));
      yield* chunked(pieces, request.withPaths ? writeWithPath : writePiece);
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function problemOfRevisions(revisions: readonly string[]): string | undefined {
  if (revisions.length === 0) return "missing revisions";
  for (const revision of revisions) {
    const problem = problemOfRevision(revision, { pseudoAllowed: true, pathAllowed: true });
    if (problem !== undefined) return `invalid revision: ${problem}`;
  }
  return undefined;
}

function inputOf({ repository, limit, bytesLimit }: ListBlobsRequest, revisions: string[]) {
  return {
    repository: repositoryArgument(repository),
    revisions,
    ...(limit === 0 ? {} : { limit }),
    ...(bytesLimit < 0n ? {} : { bytesMax: Number(bytesLimit) }),
  };
}

function writePiece(writer: MessageWriter, { oid = "", size = 0, data }: Piece): void {
  const start = writer.begin(1);
  writer.text(1, oid);
  writer.integer(2, size);
  writer.bytes(3, data);
  writer.end(start);
}

function writeWithPath(writer: MessageWriter, { oid = "", size = 0, path = "", data }: Piece): void {
  const start = writer.begin(1);
  writer.text(1, oid);
  writer.integer(2, size);
  writer.bytes(3, data);
  writer.text(4, path);
  writer.end(start);
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (!hasReason(error, "revision_not_found")) return undefined;
  const text = `listing blobs: revision not found: ${JSON.stringify(textOf(error.details.revision))}`;
  return new GrpcStatusError(StatusCode.INTERNAL, text, { cause: error });
}
