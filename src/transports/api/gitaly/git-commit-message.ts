import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Commit, SignatureType as DomainSignatureType } from "../../../domain/commit.ts";
import type { Identity } from "../../../domain/identity.ts";
import type { Trailer } from "../../../domain/trailers.ts";
import { fromByteString } from "../../../domain/bytes.ts";
import {
  type CommitAuthorSchema,
  type CommitTrailerSchema,
  type GitCommitSchema,
  SignatureType,
} from "./generated/shared_pb.ts";

/** Longest text of a message in an answer; its length is told in a field of its own. */
export const MESSAGE_TEXT_BYTES_MAX = 10 * 1024;

const TRAILERS_MAX = 64;
const TRAILER_KEY_BYTES_MAX = 128;
const TRAILER_VALUE_BYTES_MAX = 512;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export const SIGNATURE_TYPES: Readonly<Record<DomainSignatureType, SignatureType>> = {
  none: SignatureType.NONE,
  pgp: SignatureType.PGP,
  x509: SignatureType.X509,
  ssh: SignatureType.SSH,
};

/** A commit as the protocol tells it. */
export function gitCommitMessage(
  commit: Commit,
  trailers: readonly Trailer[] = [],
): MessageInitShape<typeof GitCommitSchema> {
  return {
    id: commit.oid,
    subject: subjectOf(commit.message),
    body: commit.message.subarray(0, MESSAGE_TEXT_BYTES_MAX),
    ...(isNobody(commit.author) ? {} : { author: commitAuthorMessage(commit.author) }),
    ...(isNobody(commit.committer) ? {} : { committer: commitAuthorMessage(commit.committer) }),
    parentIds: [...commit.parentOids],
    bodySize: BigInt(commit.message.byteLength),
    signatureType: SIGNATURE_TYPES[commit.signatureType],
    treeId: commit.treeOid,
    encoding: commit.encoding,
    trailers: trailerMessages(trailers),
  };
}

/** An author, committer or tagger. */
export function commitAuthorMessage(identity: Identity): MessageInitShape<typeof CommitAuthorSchema> {
  return {
    name: identity.name,
    email: identity.email,
    timezone: fromByteString(identity.timezone),
    ...(identity.seconds === undefined ? {} : { date: { seconds: identity.seconds, nanos: 0 } }),
  };
}

/** The first line of a message, nothing folded. */
export function subjectOf(message: Uint8Array): Uint8Array {
  const newline = message.indexOf(NEWLINE);
  let end = newline < 0 ? message.byteLength : newline;
  while (end > 0 && (message[end - 1] === CARRIAGE_RETURN || message[end - 1] === NEWLINE)) end--;
  return message.subarray(0, end);
}

/** Does this stand for the author of a commit that has none? */
export function isNobody({ name, email, seconds }: Identity): boolean {
  return seconds === undefined && name.byteLength === 0 && email.byteLength === 0;
}

/** The first trailers; those behind one that is too long are left out. */
function trailerMessages(trailers: readonly Trailer[]): MessageInitShape<typeof CommitTrailerSchema>[] {
  const tooLong = trailers.findIndex(
    ({ key, value }) => key.byteLength > TRAILER_KEY_BYTES_MAX || value.byteLength > TRAILER_VALUE_BYTES_MAX,
  );
  return trailers
    .slice(0, Math.min(TRAILERS_MAX, tooLong < 0 ? trailers.length : tooLong))
    .map(({ key, value }) => ({ key, value }));
}
