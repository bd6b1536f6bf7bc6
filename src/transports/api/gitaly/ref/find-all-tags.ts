import { create, toBinary } from "@bufbuild/protobuf";
import { hasReason } from "../../../../domain/errors.ts";
import { listTags } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  type FindAllTagsRequest_SortBy,
  FindAllTagsRequest_SortBy_Key as Key,
  type RefService,
} from "../generated/ref_pb.ts";
import { TagSchema } from "../generated/shared_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { pageArgument } from "../page-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { type FoundTag, tagMessage } from "../tag-message.ts";
import { chunked } from "../wire/chunked.ts";
import type { MessageWriter } from "../wire/message-writer.ts";
import { directionOf } from "./direction-of.ts";

const SORTS = { [Key.REFNAME]: "name", [Key.CREATORDATE]: "created", [Key.VERSION_REFNAME]: "version" } as const;

/** RefService.FindAllTags */
export function findAllTags(door: GitalyDoor): MethodHandler<typeof RefService.method.findAllTags> {
  return async function* (request, call) {
    const input = {
      repository: repositoryArgument(request.repository),
      ...orderOf(request.sortBy),
      ...pageArgument(request.paginationParams),
    };
    try {
      yield* chunked(door.engine.run(listTags, input, callerOf(call)), writeTag);
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function orderOf(sortBy: FindAllTagsRequest_SortBy | undefined) {
  return { sort: SORTS[sortBy?.key ?? Key.REFNAME] ?? "name", direction: directionOf(sortBy) } as const;
}

function writeTag(writer: MessageWriter, tag: FoundTag): void {
  writer.bytes(1, toBinary(TagSchema, create(TagSchema, tagMessage(tag))));
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (!hasReason(error, "page_token_not_found")) return undefined;
  return new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "could not find page token", { cause: error });
}
