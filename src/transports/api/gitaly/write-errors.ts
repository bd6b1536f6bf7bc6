import { decodeUtf8 } from "../../../domain/bytes.ts";
import { OperationError, hasReason } from "../../../domain/errors.ts";
import { isZeroOid } from "../../../domain/oid.ts";
import type { GitalyDoor } from "./door.ts";
import { CustomHookError_HookType, type CustomHookErrorSchema } from "./generated/errors_pb.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { StatusCode } from "../grpc/status-code.ts";
import { GrpcStatusError } from "../grpc/status-error.ts";

/** Gitaly's text for a reference that could not be moved; undefined for errors of another kind. */
export function textOfRefUpdate(error: unknown): string | undefined {
  if (hasReason(error, "reference_mismatch")) {
    return isZeroOid(error.details.expected)
      ? "reference already exists"
      : "reference does not point to expected object";
  }
  if (!(error instanceof OperationError)) return undefined;
  switch (error.reason) {
    case "reference_name_conflict":
      return "file directory conflict";
    case "references_locked":
      return "reference is already locked";
    case "invalid_reference_name":
      return "invalid reference format";
    case "not_a_commit":
      return "target object not a commit";
    case "object_not_found":
      return "target object missing";
    default:
      return undefined;
  }
}

/** The status for a wrong `expected_old_oid`; undefined for other errors. */
export function statusOfExpectedOid(error: unknown): GrpcStatusError | undefined {
  if (hasReason(error, "invalid_object_id") && error.details.field === "expectedOid") {
    const text = `invalid expected old object ID: ${textOfObjectId(error.details.value)}`;
    return new GrpcStatusError(StatusCode.INVALID_ARGUMENT, text, { cause: error });
  }
  if (hasReason(error, "object_not_found") && error.details.field === "expectedOid") {
    const text = "cannot resolve expected old object ID: reference not found";
    return new GrpcStatusError(StatusCode.INVALID_ARGUMENT, text, { cause: error });
  }
  return undefined;
}

/** Says what is wrong with a text that should be a full object id. */
export function textOfObjectId(value: string, length = 40): string {
  return value.length === length
    ? `invalid object ID: ${JSON.stringify(value)}`
    : `invalid object ID: ${JSON.stringify(value)}, expected length ${length}, got ${value.length}`;
}

/** What a rejecting hook said: its stderr unless blank, else its stdout. */
export function hookText(error: OperationError<"hook_rejected">): string {
  const { stdout, stderr } = error.details;
  const text = Buffer.from(stderr).toString("utf8");
  return text.trim() === "" ? Buffer.from(stdout).toString("utf8") || text : text;
}

const HOOK_TYPES: Readonly<Record<string, CustomHookError_HookType>> = {
  "pre-receive": CustomHookError_HookType.PRERECEIVE,
  update: CustomHookError_HookType.UPDATE,
};

/** The detail of a rejection by a hook. */
export function customHook(error: OperationError<"hook_rejected">): MessageInitShape<typeof CustomHookErrorSchema> {
  const { hook, stdout, stderr } = error.details;
  return { stdout, stderr, hookType: HOOK_TYPES[hook] ?? CustomHookError_HookType.UNSPECIFIED };
}

/** The text for a merge conflict: Gitaly's, with the word that people look for unless the setting keeps it out. */
export function conflictText(door: GitalyDoor, text: string): string {
  return door.conflictWord ? `${text}: merge conflict` : text;
}

/** Text for people from a byte string. */
export const textOf = decodeUtf8;
