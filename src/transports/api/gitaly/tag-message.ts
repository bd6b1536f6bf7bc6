import type { MessageInitShape } from "@bufbuild/protobuf";
import { fromByteString } from "../../../domain/bytes.ts";
import type { Commit } from "../../../domain/commit.ts";
import { REFS_TAGS, type RefName } from "../../../domain/reference.ts";
import type { Tag } from "../../../domain/tag.ts";
import type { TagSchema } from "./generated/shared_pb.ts";
import {
  commitAuthorMessage,
  gitCommitMessage,
  MESSAGE_TEXT_BYTES_MAX,
  SIGNATURE_TYPES,
} from "./git-commit-message.ts";

const NEWLINE = 0x0a;

/** A tag as the operations that read tags give it. */
export interface FoundTag {
  /** Full name of the reference. */
  readonly name: RefName;
  readonly oid: string;
  readonly tag?: Tag;
  readonly commit?: Commit;
}

/** A tag as the protocol tells it in lists: named after its reference, its message without newlines at the end. */
export function tagMessage({ name, oid, tag, commit }: FoundTag): MessageInitShape<typeof TagSchema> {
  const message = tag === undefined ? undefined : withoutNewlines(tag.message);
  return {
    name: fromByteString(name.startsWith(REFS_TAGS) ? name.slice(REFS_TAGS.length) : name),
    id: oid,
    ...(commit === undefined ? {} : { targetCommit: gitCommitMessage(commit) }),
    ...(message === undefined
      ? {}
      : { message: message.subarray(0, MESSAGE_TEXT_BYTES_MAX), messageSize: BigInt(message.byteLength) }),
    ...(tag?.tagger === undefined ? {} : { tagger: commitAuthorMessage(tag.tagger) }),
    ...(tag === undefined ? {} : { signatureType: SIGNATURE_TYPES[tag.signatureType] }),
  };
}

function withoutNewlines(message: Uint8Array): Uint8Array {
  let end = message.byteLength;
  while (end > 0 && message[end - 1] === NEWLINE) end--;
  return message.subarray(0, end);
}
