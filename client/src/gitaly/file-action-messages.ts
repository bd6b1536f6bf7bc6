import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { FileAction, FileContent } from "../domain/file-action.ts";
import {
  UserCommitFilesActionHeader_ActionType as ActionType,
  type UserCommitFilesActionHeaderSchema,
  type UserCommitFilesRequest,
  UserCommitFilesRequestSchema,
} from "./generated/operations_pb.ts";
import { bytesOf } from "./text.ts";
import { checkPath, invalid } from "./validate.ts";

/** Servers take messages of 4 MiB; many small ones cost less memory than few large ones, on both sides. */
export const CONTENT_PIECE_BYTES = 1024 * 1024;

type Header = MessageInitShape<typeof UserCommitFilesActionHeaderSchema>;

/** An action as the protocol has it: its head, then its content in pieces. Throws `ValidationError`. */
export function* fileActionMessages(action: FileAction): Generator<UserCommitFilesRequest, void, undefined> {
  const { header, content } = partsOf(action);
  yield requestOf({ case: "header", value: header });
  if (content === undefined) return;
  const bytes = typeof content === "string" ? bytesOf(content) : content;
  for (let from = 0; from < bytes.byteLength; from += CONTENT_PIECE_BYTES) {
    yield requestOf({ case: "content", value: bytes.subarray(from, from + CONTENT_PIECE_BYTES) });
  }
}

function partsOf(action: FileAction): { readonly header: Header; readonly content?: FileContent } {
  checkPath("path", action.path);
  const filePath = bytesOf(action.path);
  switch (action.type) {
    case "create": {
      checkContent(action.content, action.path);
      const header = { action: ActionType.CREATE, filePath, executeFilemode: action.executable ?? false };
      return { header, content: action.content };
    }
    case "createDir":
      return { header: { action: ActionType.CREATE_DIR, filePath } };
    case "update":
      checkContent(action.content, action.path);
      return { header: { action: ActionType.UPDATE, filePath }, content: action.content };
    case "move": {
      checkPath("previousPath", action.previousPath);
      const previousPath = bytesOf(action.previousPath);
      const header = { action: ActionType.MOVE, filePath, previousPath };
      if (action.content === undefined) return { header: { ...header, inferContent: true } };
      checkContent(action.content, action.path);
      return { header, content: action.content };
    }
    case "delete":
      return { header: { action: ActionType.DELETE, filePath } };
    case "chmod":
      return { header: { action: ActionType.CHMOD, filePath, executeFilemode: action.executable } };
    default:
      throw invalid(`unknown action: ${JSON.stringify((action as FileAction).type)}`);
  }
}

function checkContent(content: unknown, path: string): void {
  if (typeof content !== "string" && !(content instanceof Uint8Array)) {
    throw invalid(`the content of ${path} is neither text nor bytes`);
  }
}

type Payload =
  | { readonly case: "header"; readonly value: Header }
  | { readonly case: "content"; readonly value: Uint8Array };

function requestOf(payload: Payload): UserCommitFilesRequest {
  return create(UserCommitFilesRequestSchema, {
    userCommitFilesRequestPayload: { case: "action", value: { userCommitFilesActionPayload: payload } },
  });
}
