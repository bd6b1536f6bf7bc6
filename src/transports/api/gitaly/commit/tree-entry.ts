import { toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import type { TreeEntry } from "../../../../domain/git-object.ts";
import { getTreeEntry } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  type CommitService,
  type TreeEntryRequest,
  TreeEntryResponse_ObjectType as EntryType,
} from "../generated/commit_pb.ts";
import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { piecesOf } from "../stream-bytes.ts";
import { problemOfRevision } from "../validate-revision.ts";
import { MessageWriter } from "../wire/message-writer.ts";
import { withoutTrailingSlashes } from "../without-trailing-slashes.ts";

const TYPES: Readonly<Record<TreeEntry["type"], EntryType>> = {
  blob: EntryType.BLOB,
  tree: EntryType.TREE,
  commit: EntryType.COMMIT,
};

const DATA = 5;
const NOTHING = new Uint8Array();

/** CommitService.TreeEntry */
export function treeEntry(door: GitalyDoor): MethodHandler<typeof CommitService.method.treeEntry> {
  return async function* (request, call) {
    const problem = problemOf(request);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const input = {
      repository: repositoryArgument(request.repository),
      revision: toByteString(request.revision),
      path: withoutTrailingSlashes(toByteString(request.path)),
      ...(request.limit === 0n ? {} : { bytesMax: Number(request.limit) }),
      ...(request.maxSize === 0n ? {} : { sizeMax: Number(request.maxSize) }),
    };
    try {
      for await (const parts of door.engine.run(getTreeEntry, input, callerOf(call))) {
        for (const { entry, size = 0, data } of parts) {
          let head = entry === undefined ? NOTHING : describe(entry, size);
          for (const piece of piecesOf(data)) {
            yield EncodedMessage.joining(head, DATA, piece);
            head = NOTHING;
          }
        }
      }
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function problemOf({ revision, path, limit, maxSize }: TreeEntryRequest): string | undefined {
  return (
    problemOfRevision(toByteString(revision)) ??
    firstProblem([path.length === 0, "empty Path"], [limit < 0n, "negative Limit"], [maxSize < 0n, "negative MaxSize"])
  );
}

/** Reused for each answer: what it holds is copied before anything is awaited. */
const writer = new MessageWriter();

/** The fields of TreeEntryResponse that are not data. */
function describe({ type, oid, mode }: TreeEntry, size: number): Uint8Array {
  writer.clear();
  writer.integer(1, TYPES[type]);
  writer.text(2, oid);
  writer.integer(3, size);
  writer.integer(4, mode);
  return writer.written();
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (hasReason(error, "revision_not_found") || hasReason(error, "path_not_found")) {
    return new GrpcStatusError(StatusCode.NOT_FOUND, "tree entry not found", { cause: error });
  }
  if (hasReason(error, "too_large")) {
    const { sizeBytes, limitBytes } = error.details;
    const text = `object size (${sizeBytes}) is bigger than the maximum allowed size (${limitBytes})`;
    return new GrpcStatusError(StatusCode.FAILED_PRECONDITION, text, { cause: error });
  }
  return undefined;
}
