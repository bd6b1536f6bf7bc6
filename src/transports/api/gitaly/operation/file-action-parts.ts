import { toByteString } from "../../../../domain/bytes.ts";
import type { FileAction, FileActionPart } from "../../../../operations/index.ts";
import {
  type UserCommitFilesActionHeader,
  UserCommitFilesActionHeader_ActionType as ActionType,
  type UserCommitFilesRequest,
} from "../generated/operations_pb.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";

/** The messages behind the header as parts of the operation's stream. */
export async function* fileActionParts(stream: AsyncIterator<UserCommitFilesRequest>): AsyncGenerator<FileActionPart> {
  for (let next = await stream.next(); next.done !== true; next = await stream.next()) {
    const payload = next.value.userCommitFilesRequestPayload;
    const part = payload.case === "action" ? payload.value.userCommitFilesActionPayload : undefined;
    if (part?.case === "header") yield { action: actionOf(part.value) };
    else if (part?.case === "content") yield { content: part.value };
    else throw new GrpcStatusError(StatusCode.INTERNAL, "unhandled action payload type: <nil>");
  }
}

const KINDS: Readonly<Record<ActionType, FileAction["kind"]>> = {
  [ActionType.CREATE]: "create",
  [ActionType.CREATE_DIR]: "create-directory",
  [ActionType.UPDATE]: "update",
  [ActionType.MOVE]: "move",
  [ActionType.DELETE]: "delete",
  [ActionType.CHMOD]: "chmod",
};

function actionOf(header: UserCommitFilesActionHeader): FileAction {
  // A newer client may send an action that this table does not have.
  const kind: FileAction["kind"] | undefined = KINDS[header.action];
  if (kind === undefined) {
    const text = `NoMethodError: undefined method \`downcase' for ${header.action}:Integer`;
    throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, text);
  }
  return {
    kind,
    path: toByteString(header.filePath),
    previousPath: toByteString(header.previousPath),
    base64: header.base64Content,
    executable: header.executeFilemode,
    inferContent: header.inferContent,
  };
}
