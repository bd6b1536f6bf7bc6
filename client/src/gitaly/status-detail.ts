import { createRegistry, fromBinary, type Message } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import type { Metadata } from "@grpc/grpc-js";
import type { GitErrorDetail } from "../errors.ts";
import { GetTreeEntriesErrorSchema } from "./generated/commit_pb.ts";
import * as errors from "./generated/errors_pb.ts";
import { StatusSchema } from "./generated/google/rpc/status_pb.ts";
import {
  UserCherryPickErrorSchema,
  UserCommitFilesErrorSchema,
  UserCreateBranchErrorSchema,
  UserCreateTagErrorSchema,
  UserDeleteBranchErrorSchema,
  UserMergeBranchErrorSchema,
  UserRevertErrorSchema,
} from "./generated/operations_pb.ts";
import { DeleteRefsErrorSchema, FindTagErrorSchema, UpdateReferencesErrorSchema } from "./generated/ref_pb.ts";
import { textOf } from "./text.ts";

const KNOWN = createRegistry(
  errors.file_errors,
  DeleteRefsErrorSchema,
  FindTagErrorSchema,
  GetTreeEntriesErrorSchema,
  UpdateReferencesErrorSchema,
  UserCherryPickErrorSchema,
  UserCommitFilesErrorSchema,
  UserCreateBranchErrorSchema,
  UserCreateTagErrorSchema,
  UserDeleteBranchErrorSchema,
  UserMergeBranchErrorSchema,
  UserRevertErrorSchema,
);

/** The messages of errors.proto, by their names. */
type Reason =
  | errors.AccessCheckError
  | errors.AmbiguousReferenceError
  | errors.BadObjectError
  | errors.CustomHookError
  | errors.IndexError
  | errors.InvalidRefFormatError
  | errors.LimitError
  | errors.MergeConflictError
  | errors.NotAncestorError
  | errors.PathError
  | errors.PathNotFoundError
  | errors.ReferenceExistsError
  | errors.ReferenceNotFoundError
  | errors.ReferencesLockedError
  | errors.ReferenceStateMismatchError
  | errors.ReferenceUpdateError
  | errors.ResolveRevisionError;

/** What a server has said in `grpc-status-details-bin`; undefined when it said nothing that is known here. */
export function statusDetail(trailers: Metadata): GitErrorDetail | undefined {
  const [bytes] = trailers.get("grpc-status-details-bin");
  if (!(bytes instanceof Uint8Array)) return undefined;
  try {
    for (const any of fromBinary(StatusSchema, bytes).details) {
      const message = anyUnpack(any, KNOWN);
      const detail = message === undefined ? undefined : detailOf(message);
      if (detail !== undefined) return detail;
    }
  } catch {
    // Details that cannot be read say nothing; the code and the text remain.
  }
  return undefined;
}

/** The errors of a call have one reason of several; other messages are the reason itself. */
function detailOf(message: Message): GitErrorDetail | undefined {
  const error = (message as { error?: { case?: string; value?: Message } }).error;
  if (error === undefined) return { kind: kindOf(message.$typeName), ...factsOf(message as Reason) };
  if (error.case === undefined || error.value === undefined) return undefined;
  return { kind: snakeCase(error.case), ...factsOf(error.value as Reason) };
}

function factsOf(reason: Reason): Omit<GitErrorDetail, "kind"> {
  switch (reason.$typeName) {
    case "gitaly.MergeConflictError":
      return {
        conflictingFiles: reason.conflictingFiles.map(textOf),
        ...(reason.conflictingCommitIds.length === 0 ? {} : { conflictingCommitIds: reason.conflictingCommitIds }),
      };
    case "gitaly.ReferenceStateMismatchError":
      return told({
        reference: textOf(reason.referenceName),
        expectedId: textOf(reason.expectedObjectId),
        actualId: textOf(reason.actualObjectId),
      });
    case "gitaly.ReferenceUpdateError":
      return told({ reference: textOf(reason.referenceName), expectedId: reason.oldOid });
    case "gitaly.ReferenceExistsError":
      return told({ reference: textOf(reason.referenceName), actualId: reason.oid });
    case "gitaly.ReferenceNotFoundError":
      return told({ reference: textOf(reason.referenceName) });
    case "gitaly.AmbiguousReferenceError":
      return told({ reference: textOf(reason.reference) });
    case "gitaly.ReferencesLockedError":
    case "gitaly.InvalidRefFormatError":
      return told({ reference: textOf(reason.refs[0] ?? new Uint8Array()) });
    case "gitaly.IndexError":
    case "gitaly.PathError":
    case "gitaly.PathNotFoundError":
      return told({ path: textOf(reason.path) });
    case "gitaly.CustomHookError": {
      const said = textOf(reason.stderr);
      return told({ hookOutput: said.trim() === "" ? textOf(reason.stdout) || said : said });
    }
    case "gitaly.AccessCheckError":
      return told({ hookOutput: reason.errorMessage });
    case "gitaly.NotAncestorError":
      return told({ expectedId: textOf(reason.parentRevision), actualId: textOf(reason.childRevision) });
    case "gitaly.LimitError": {
      const { retryAfter } = reason;
      if (retryAfter === undefined) return {};
      return { retryAfterMs: Number(retryAfter.seconds) * 1000 + Math.round(retryAfter.nanos / 1_000_000) };
    }
    default:
      return {};
  }
}

/** Without what is empty. */
function told<T extends Record<string, string>>(facts: T): Partial<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== "")) as Partial<T>;
}

/** `gitaly.LimitError` is of the kind `limit`. */
function kindOf(typeName: string): string {
  const name = typeName.replace(/^gitaly\./, "").replace(/Error$/, "");
  return snakeCase(name.charAt(0).toLowerCase() + name.slice(1));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
