import type { DescMethod, Message } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type { Repository, User } from "../../src/gitaly/generated/shared_pb.ts";

/** Why a request is refused. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
}

/** What requests have in common, as far as a method has it. */
interface Fields {
  readonly repository?: Repository;
  readonly user?: User;
  readonly name?: Uint8Array;
  readonly updates?: readonly unknown[];
  readonly path?: Uint8Array;
  readonly targetRef?: Uint8Array;
  readonly expectedOldOid?: string;
  readonly apply?: boolean;
  readonly commitId?: string;
  readonly userCommitFilesRequestPayload?: { readonly case?: string; readonly value?: Fields };
}

const invalid = (details: string): Refusal => ({ code: status.INVALID_ARGUMENT, details });

/** What a server with hooks insists on, by message of a stream (`index` from 0); undefined when it is content. */
export function strictRefusal(method: DescMethod, message: Message, index: number): Refusal | undefined {
  const whole = message as Message & Fields;
  const payload = whole.userCommitFilesRequestPayload;
  if (payload !== undefined && (payload.case === "header") !== (index === 0))
    return invalid(index === 0 ? "empty UserCommitFilesRequestHeader" : "header sent twice");
  if (method.name === "UpdateReferences" && whole.updates?.length === 0) return invalid("no updates specified");
  if (index > 0) return laterRefusal(method, whole);
  const fields = payload?.value ?? whole;
  return (
    repositoryRefusal(fields.repository) ??
    (hasUser(method) ? userRefusal(fields.user) : undefined) ??
    fieldRefusal(method, fields)
  );
}

function laterRefusal(method: DescMethod, { repository, user, commitId }: Fields): Refusal | undefined {
  if (method.name === "UpdateReferences" && repository !== undefined)
    return invalid("repository set in subsequent request");
  if (method.name === "UserMergeBranch" && (repository !== undefined || user !== undefined || commitId !== ""))
    return invalid("only apply may be set in the second request");
  return undefined;
}

/** Requests that carry a user, be it in their header. */
function hasUser(method: DescMethod): boolean {
  return method.parent.typeName === "gitaly.OperationService";
}

function repositoryRefusal(repository: Repository | undefined): Refusal | undefined {
  if (repository === undefined) return invalid("repository not set");
  if (repository.storageName === "") return invalid("storage name not set");
  if (repository.relativePath === "") return invalid("repository path not set");
  if (repository.glRepository === "") return invalid("repository not set: gl_repository is empty");
  return undefined;
}

function userRefusal(user: User | undefined): Refusal | undefined {
  if (user === undefined) return invalid("empty user");
  if (user.glId === "") return invalid("user ID not set");
  if (user.name.length === 0) return invalid("empty user name");
  if (user.email.length === 0) return invalid("empty user email");
  return undefined;
}

function fieldRefusal(method: DescMethod, { path, targetRef, expectedOldOid, apply }: Fields): Refusal | undefined {
  if (method.name === "GetTreeEntries" && path?.length === 0) return invalid("empty path");
  if (method.name === "UserMergeBranch" && apply === true) return invalid("apply set in the first request");
  if (targetRef !== undefined && !Buffer.from(targetRef).toString().startsWith("refs/merge-requests/"))
    return invalid("invalid target ref");
  if (expectedOldOid !== undefined && /^0+$/.test(expectedOldOid))
    return invalid("cannot resolve expected old object ID: reference not found");
  return undefined;
}
