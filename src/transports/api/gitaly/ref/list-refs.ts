import { decodeUtf8, toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import type { Reference } from "../../../../domain/reference.ts";
import { listReferences } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import { ListRefsRequest_SortBy_Key as Key, type ListRefsRequest, type RefService } from "../generated/ref_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { pageArgument } from "../page-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { lines } from "../wire/lines.ts";
import type { MessageWriter } from "../wire/message-writer.ts";
import { writeCursor } from "../wire/write-cursor.ts";
import { directionOf } from "./direction-of.ts";

const SORTS = {
  [Key.REFNAME]: "name",
  [Key.CREATORDATE]: "created",
  [Key.AUTHORDATE]: "authored",
  [Key.COMMITTERDATE]: "committed",
} as const;

/** HEAD stands on top of the first message and counts neither there nor in the limit of a page. */
const counts = ({ name }: Reference) => name !== "HEAD";

/** RefService.ListRefs */
export function listRefs(door: GitalyDoor): MethodHandler<typeof RefService.method.listRefs> {
  return async function* (request, call) {
    if (request.patterns.length === 0) {
      throw await invalidArgument(door, call, request.repository, "patterns must have at least one entry");
    }
    const input = inputOf(request);
    const { limit = 0 } = input;
    // A page is asked for with one reference more, which tells whether there is a next page.
    const asked = limit > 0 ? { ...input, limit: limit + 1 } : input;
    try {
      const found = door.engine.run(listReferences, asked, callerOf(call));
      if (limit > 0) yield* page(found, limit);
      else yield* lines(found, writeReference, { counts });
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function inputOf(request: ListRefsRequest) {
  return {
    repository: repositoryArgument(request.repository),
    patterns: request.patterns.map(toByteString),
    head: request.head,
    peel: request.peelTags,
    pointingAt: request.pointingAtOids.map(toByteString),
    sort: SORTS[request.sortBy?.key ?? Key.REFNAME] ?? "name",
    direction: directionOf(request.sortBy),
    ...pageArgument(request.paginationParams),
  };
}

async function* page(found: AsyncIterable<Reference[]>, limit: number) {
  const all: Reference[] = [];
  for await (const batch of found) for (const reference of batch) all.push(reference);
  const end = limit + (all[0] !== undefined && !counts(all[0]) ? 1 : 0);
  const items = all.slice(0, end);
  const cursor = all.length > end ? decodeUtf8(items.at(-1)!.name) : "";
  yield* lines(once(items), writeReference, {
    counts,
    writeRest: (writer, { first }) => first && writeCursor(writer, 2, cursor),
  });
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}

function writeReference(writer: MessageWriter, { name, oid, peeledOid }: Reference): void {
  const start = writer.begin(1);
  writer.text(1, name);
  writer.text(2, oid);
  if (peeledOid !== undefined) writer.text(3, peeledOid);
  writer.end(start);
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (!hasReason(error, "page_token_not_found")) return undefined;
  return new GrpcStatusError(StatusCode.INTERNAL, "could not find page token", { cause: error });
}
