import type { ChangedPath } from "../backend/backend.ts";
import type { Commit } from "../domain/commit.ts";
import type { DiffStat, FilePatch } from "../domain/diff.ts";
import type { TreeEntry } from "../domain/git-object.ts";
import type { Identity } from "../domain/identity.ts";
import type { Reference } from "../domain/reference.ts";
import type { Tag } from "../domain/tag.ts";
import type { Trailer } from "../domain/trailers.ts";
import { BytesField, ByteStringField, Maybe, OidField, Type } from "./fields.ts";

/** The nouns of the domain as operations answer with them: schemas whose static types are the domain's own. */

const SignatureTypeField = Type.Union([
  Type.Literal("none"),
  Type.Literal("pgp"),
  Type.Literal("x509"),
  Type.Literal("ssh"),
]);

const IdentityField = Type.Unsafe<Identity>(
  Type.Object({
    name: BytesField("Name"),
    email: BytesField("Mail address"),
    seconds: Maybe(Type.BigInt({ description: "Seconds since 1970; absent when the line has no date" })),
    timezone: ByteStringField("Offset as written, such as +0100; empty when there is none"),
  }),
);

/** A commit with its whole message. */
export const CommitField = Type.Unsafe<Commit>(
  Type.Object({
    oid: OidField("Id of the commit"),
    treeOid: OidField("Id of its tree"),
    parentOids: Type.Array(OidField("Id of a parent")),
    author: IdentityField,
    committer: IdentityField,
    encoding: ByteStringField("Encoding that the commit claims for its message; empty when it claims none"),
    signatureType: SignatureTypeField,
    message: BytesField("The whole message"),
  }),
);

/** A line at the end of a commit message. */
export const TrailerField = Type.Unsafe<Trailer>(
  Type.Object({
    key: BytesField("What stands before the colon"),
    value: BytesField("What stands behind it, unfolded"),
  }),
);

/** An annotated tag object. */
export const TagField = Type.Unsafe<Tag>(
  Type.Object({
    oid: OidField("Id of the tag object"),
    targetOid: OidField("Id of the object it points at"),
    targetType: Type.String({ description: "Type of that object" }),
    name: ByteStringField("Name inside the object"),
    tagger: Maybe(IdentityField),
    message: BytesField("The whole message, with a signature at its end"),
    signatureType: SignatureTypeField,
  }),
);

/** A reference and what it points at. */
export const ReferenceField = Type.Unsafe<Reference>(
  Type.Object(
    {
      name: ByteStringField("Full name"),
      oid: OidField("Object that it resolves to"),
      peeledOid: Maybe(OidField("What an annotated tag finally points at")),
      symbolicTarget: Maybe(ByteStringField("Reference that a symbolic one points at")),
      type: Maybe(Type.String({ description: "Type of the object, where it is known" })),
    },
    { title: "Reference" },
  ),
);

/** An entry of a tree. */
export const TreeEntryField = Type.Unsafe<TreeEntry>(
  Type.Object({
    path: ByteStringField("Path from the root of the listing"),
    mode: Type.Integer({ description: "Mode as git stores it" }),
    type: Type.Union([Type.Literal("blob"), Type.Literal("tree"), Type.Literal("commit")]),
    oid: OidField("Id of the object"),
  }),
);

const DIFF_ENTRY = {
  status: Type.Union([
    Type.Literal("added"),
    Type.Literal("modified"),
    Type.Literal("deleted"),
    Type.Literal("type-changed"),
    Type.Literal("renamed"),
    Type.Literal("copied"),
  ]),
  oldPath: ByteStringField("Path on the left"),
  newPath: ByteStringField("Path on the right"),
  oldMode: Type.Integer({ description: "Mode on the left; 0 where nothing is" }),
  newMode: Type.Integer({ description: "Mode on the right; 0 where nothing is" }),
  oldOid: OidField("Object on the left; zeros where nothing is"),
  newOid: OidField("Object on the right; zeros where nothing is"),
  score: Type.Integer({ description: "Similarity of a rename or copy, percent" }),
};

/** A changed path with its patch. */
export const FilePatchField = Type.Unsafe<FilePatch>(
  Type.Object({ ...DIFF_ENTRY, binary: Type.Boolean(), patch: BytesField("Patch text from the first @@ on") }),
);

/** A changed path of a commit, or of a pair of trees. */
export const ChangedPathField = Type.Unsafe<ChangedPath>(
  Type.Object({
    ...DIFF_ENTRY,
    commitOid: Type.String({ description: "Commit that was asked about; empty for trees" }),
  }),
);

/** Lines added and removed in a path. */
export const DiffStatField = Type.Unsafe<DiffStat>(
  Type.Object(
    {
      path: ByteStringField("Path"),
      oldPath: Maybe(ByteStringField("Path before a rename")),
      additions: Type.Integer(),
      deletions: Type.Integer(),
    },
    { title: "DiffStat" },
  ),
);
