import { toByteString, encodeUtf8 } from "../../../../domain/bytes.ts";
import { diffCommits } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  CommitDiffRequest_DiffMode as DiffMode,
  CommitDiffRequest_WhitespaceChanges as WhitespaceChanges,
  type CommitDiffRequest,
  type DiffService,
} from "../generated/diff_pb.ts";
import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { MessageWriter } from "../wire/message-writer.ts";
import { diffLimits } from "./diff-limits.ts";
import { type LimitedPatch, LimitedDiff } from "./limited-diff.ts";
import { checkSides, statusOfSides } from "./sides.ts";
import { splitTypeChange } from "./split-type-change.ts";

/** Longest piece of a patch in a message. */
const SLICE_BYTES = 5 * 1024;

/** Least likeness of a rename, percent. */
const RENAME_THRESHOLD = 30;

const WHITESPACE = {
  [WhitespaceChanges.UNSPECIFIED]: "keep",
  [WhitespaceChanges.IGNORE]: "ignore-change",
  [WhitespaceChanges.IGNORE_ALL]: "ignore-all",
} as const;

/** DiffService.CommitDiff */
export function commitDiff(door: GitalyDoor): MethodHandler<typeof DiffService.method.commitDiff> {
  return async function* (request, call) {
    await checkSides(door, call, request);
    const diff = new LimitedDiff(diffLimits(request));
    try {
      for await (const changes of door.engine.run(diffCommits, inputOf(request), callerOf(call))) {
        for (const file of changes.flatMap(splitTypeChange)) {
          const limited = diff.next(file);
          if (limited === undefined) {
            yield { overflowMarker: true, endOfPatch: true };
            return;
          }
          yield* slices(limited);
        }
      }
    } catch (error) {
      throw statusOfSides(error, StatusCode.FAILED_PRECONDITION) ?? error;
    }
  };
}

function inputOf(request: CommitDiffRequest) {
  return {
    repository: repositoryArgument(request.repository),
    left: encodeUtf8(request.leftCommitId),
    right: encodeUtf8(request.rightCommitId),
    renameThreshold: RENAME_THRESHOLD,
    whitespace: WHITESPACE[request.whitespaceChanges] ?? "keep",
    wordDiff: request.diffMode === DiffMode.WORDDIFF,
    ...(request.paths.length === 0 ? {} : { paths: request.paths.map(toByteString) }),
  };
}

/** The messages of a file: all that is known of it in the first, its patch spread over all. */
function* slices(limited: LimitedPatch): Generator<EncodedMessage> {
  const { patch } = limited;
  const writer = new MessageWriter();
  for (let at = 0; at === 0 || at < patch.byteLength; at += SLICE_BYTES) {
    const end = at + SLICE_BYTES;
    writer.clear();
    if (at === 0) writeNames(writer, limited);
    writer.bytes(9, patch.subarray(at, end));
    writer.integer(10, end >= patch.byteLength ? 1 : 0);
    if (at === 0) writeFlags(writer, limited);
    yield EncodedMessage.of(writer.written());
  }
}

function writeNames(writer: MessageWriter, { file }: LimitedPatch): void {
  writer.text(1, file.oldPath);
  writer.text(2, file.newPath);
  writer.text(3, file.oldOid);
  writer.text(4, file.newOid);
  writer.integer(5, file.oldMode);
  writer.integer(6, file.newMode);
  writer.integer(7, file.binary ? 1 : 0);
}

function writeFlags(writer: MessageWriter, { overflow, collapsed, tooLarge, size }: LimitedPatch): void {
  writer.integer(11, overflow ? 1 : 0);
  writer.integer(12, collapsed ? 1 : 0);
  writer.integer(13, tooLarge ? 1 : 0);
  writer.integer(14, size.added);
  writer.integer(15, size.removed);
}
