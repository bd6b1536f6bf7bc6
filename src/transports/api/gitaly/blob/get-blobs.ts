import { create, toBinary } from "@bufbuild/protobuf";
import { encodeUtf8, toByteString } from "../../../../domain/bytes.ts";
import type { TreeEntry } from "../../../../domain/git-object.ts";
import { getBlobs } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  type BlobService,
  type GetBlobsRequest,
  type GetBlobsRequest_RevisionPath as RevisionPath,
  GetBlobsResponseSchema,
} from "../generated/blob_pb.ts";
import { ObjectType } from "../generated/shared_pb.ts";
import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { piecesOf } from "../stream-bytes.ts";
import { problemOfRevision } from "../validate-revision.ts";
import { withoutTrailingSlashes } from "../without-trailing-slashes.ts";

const TYPES: Readonly<Record<TreeEntry["type"], ObjectType>> = {
  blob: ObjectType.BLOB,
  tree: ObjectType.TREE,
  commit: ObjectType.COMMIT,
};

const DATA = 2;
const NOTHING = new Uint8Array();

/** BlobService.GetBlobs: each pair begins a message, which has nothing but revision and path for what does not exist. */
export function getBlobsHandler(door: GitalyDoor): MethodHandler<typeof BlobService.method.getBlobs> {
  return async function* (request, call) {
    const problem = problemOf(request);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const pairs = request.revisionPaths;
    const input = {
      repository: repositoryArgument(request.repository),
      files: pairs.map(({ revision, path }) => ({ revision: encodeUtf8(revision), path: trimmed(path) })),
      ...(request.limit < 0n ? {} : { bytesMax: Number(request.limit) }),
    };
    for await (const parts of door.engine.run(getBlobs, input, callerOf(call))) {
      for (const { file, entry, size = 0, data } of parts) {
        let head = file === undefined ? NOTHING : describe(pairs[file]!, entry, size);
        for (const piece of piecesOf(data)) {
          yield EncodedMessage.joining(head, DATA, piece);
          head = NOTHING;
        }
      }
    }
  };
}

function problemOf({ revisionPaths }: GetBlobsRequest): string | undefined {
  if (revisionPaths.length === 0) return "empty RevisionPaths";
  for (const { revision } of revisionPaths) {
    const problem = problemOfRevision(encodeUtf8(revision));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function trimmed(path: Uint8Array): string {
  return withoutTrailingSlashes(toByteString(path));
}

function describe({ revision, path }: RevisionPath, entry: TreeEntry | undefined, size: number): Uint8Array {
  const described = {
    revision,
    path: Buffer.from(trimmed(path), "latin1"),
    size: BigInt(size),
    ...(entry === undefined
      ? {}
      : { oid: entry.oid, mode: entry.mode, type: TYPES[entry.type], isSubmodule: entry.type === "commit" }),
  };
  return toBinary(GetBlobsResponseSchema, create(GetBlobsResponseSchema, described));
}
