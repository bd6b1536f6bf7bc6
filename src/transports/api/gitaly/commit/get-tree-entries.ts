import { decodeUtf8, encodeUtf8, toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import type { TreeEntry } from "../../../../domain/git-object.ts";
import { listTree } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  type CommitService,
  GetTreeEntriesErrorSchema,
  type GetTreeEntriesRequest,
  GetTreeEntriesRequest_SortBy as SortBy,
  TreeEntry_EntryType as EntryType,
} from "../generated/commit_pb.ts";
import { PathError_ErrorType } from "../generated/errors_pb.ts";
import type { GrpcCall, MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { problemOfRevision } from "../validate-revision.ts";
import { chunked } from "../wire/chunked.ts";
import type { MessageWriter } from "../wire/message-writer.ts";
import { writeCursor } from "../wire/write-cursor.ts";
import { decodeTreePageToken, encodeTreePageToken } from "./tree-page-token.ts";
import { withoutTrailingSlashes } from "../without-trailing-slashes.ts";

const TYPES: Readonly<Record<TreeEntry["type"], EntryType>> = {
  blob: EntryType.BLOB,
  tree: EntryType.TREE,
  commit: EntryType.COMMIT,
};

/** An entry and, where they are asked for, its flat path. */
type Item = TreeEntry & { readonly flatPath?: string };

/** CommitService.GetTreeEntries */
export function getTreeEntries(door: GitalyDoor): MethodHandler<typeof CommitService.method.getTreeEntries> {
  return async function* (request, call) {
    await check(door, call, request);
    const input = inputOf(request);
    const { limit } = input;
    const writeEntry = entryWriter(request);
    try {
      if (limit === undefined || limit === 0) {
        const listed = door.engine.run(listTree, input, callerOf(call));
        yield* chunked(items(listed), writeEntry, (writer, { first }) => first && writeCursor(writer, 2, ""));
        return;
      }
      // A page is asked for with one entry more, which tells whether there is a next page.
      const listed = door.engine.run(listTree, { ...input, limit: limit + 1 }, callerOf(call));
      const all: Item[] = [];
      for await (const batch of items(listed)) for (const item of batch) all.push(item);
      const page = all.slice(0, limit);
      const cursor = all.length > limit ? encodeTreePageToken(page.at(-1)!.path) : "";
      yield* chunked(once(page), writeEntry, (writer, { first }) => first && writeCursor(writer, 2, cursor));
    } catch (error) {
      throw statusOf(error, request) ?? error;
    }
  };
}

async function check(door: GitalyDoor, call: GrpcCall, request: GetTreeEntriesRequest): Promise<void> {
  const problem = problemOfRevision(toByteString(request.revision));
  if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
  if (request.path.length > 0) return;
  const error = await invalidArgument(door, call, request.repository, "empty path");
  const value = { errorType: PathError_ErrorType.EMPTY_PATH };
  const detail = statusDetail(GetTreeEntriesErrorSchema, { error: { case: "path", value } });
  throw new GrpcStatusError(error.code, error.message, { details: [detail] });
}

function inputOf(request: GetTreeEntriesRequest) {
  const path = withoutTrailingSlashes(toByteString(request.path));
  const page = request.paginationParams;
  return {
    repository: repositoryArgument(request.repository),
    revision: toByteString(request.revision),
    path: path === "." ? "" : path,
    recursive: request.recursive,
    order: request.sort === SortBy.TREES_FIRST ? ("trees-first" as const) : ("tree" as const),
    flatPaths: !request.recursive && !request.skipFlatPaths,
    ...(page === undefined || page.limit < 0 ? {} : { limit: page.limit }),
    ...(page === undefined || page.pageToken === "" ? {} : decodeTreePageToken(page.pageToken)),
  };
}

interface Listed {
  readonly entries: readonly TreeEntry[];
  readonly flatPaths?: readonly string[];
}

async function* items(batches: AsyncIterable<readonly Listed[]>): AsyncGenerator<readonly Item[]> {
  for await (const batch of batches) {
    for (const { entries, flatPaths } of batch) {
      yield flatPaths === undefined
        ? entries
        : entries.map((entry, index) => ({ ...entry, flatPath: flatPaths[index]! }));
    }
  }
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}

/** Writes entries; `commit_oid` repeats the revision as it was asked for. */
function entryWriter({ revision }: GetTreeEntriesRequest): (writer: MessageWriter, item: Item) => void {
  const asked = encodeUtf8(decodeUtf8(toByteString(revision)));
  return (writer, { oid, path, type, mode, flatPath }) => {
    const start = writer.begin(1);
    writer.text(1, oid);
    writer.text(3, path);
    writer.integer(4, TYPES[type]);
    writer.integer(5, mode);
    writer.text(6, asked);
    if (flatPath !== undefined) writer.text(7, flatPath);
    writer.end(start);
  };
}

function statusOf(error: unknown, { revision, recursive }: GetTreeEntriesRequest): GrpcStatusError | undefined {
  if (hasReason(error, "revision_not_found") || hasReason(error, "path_not_found")) {
    const code = recursive ? StatusCode.NOT_FOUND : StatusCode.INVALID_ARGUMENT;
    const detail = statusDetail(GetTreeEntriesErrorSchema, { error: { case: "resolveTree", value: { revision } } });
    return new GrpcStatusError(code, "invalid revision or path", { details: [detail], cause: error });
  }
  if (hasReason(error, "page_token_not_found")) {
    const text = `could not find starting OID: ${decodeUtf8(error.details.token)}`;
    return new GrpcStatusError(StatusCode.INTERNAL, text, { cause: error });
  }
  return undefined;
}
