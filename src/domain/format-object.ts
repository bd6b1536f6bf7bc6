import { type ByteString, fromByteString } from "./bytes.ts";
import type { ObjectType } from "./git-object.ts";
import type { Oid } from "./oid.ts";

export interface CommitParts {
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
  /** Identity lines as `formatIdentity` makes them, or as found in another commit. */
  readonly author: Uint8Array;
  readonly committer: Uint8Array;
  readonly encoding?: ByteString;
  readonly message: Uint8Array;
}

/** Composes the content of a commit object (gitformat-commit). The message is kept byte for byte. */
export function formatCommit(parts: CommitParts): Uint8Array {
  const head = [`tree ${parts.treeOid}\n`, ...parts.parentOids.map((oid) => `parent ${oid}\n`)].join("");
  const encoding = parts.encoding === undefined || parts.encoding === "" ? "" : `encoding ${parts.encoding}\n`;
  return Buffer.concat([
    Buffer.from(`${head}author `),
    parts.author,
    Buffer.from("\ncommitter "),
    parts.committer,
    fromByteString(`\n${encoding}\n`),
    parts.message,
  ]);
}

export interface TagParts {
  readonly targetOid: Oid;
  readonly targetType: ObjectType;
  readonly name: ByteString;
  readonly tagger: Uint8Array;
  readonly message: Uint8Array;
}

/** Composes the content of a tag object (git-mktag(1)). */
export function formatTag(parts: TagParts): Uint8Array {
  return Buffer.concat([
    fromByteString(`object ${parts.targetOid}\ntype ${parts.targetType}\ntag ${parts.name}\ntagger `),
    parts.tagger,
    Buffer.from("\n\n"),
    parts.message,
  ]);
}
