import type { ByteString } from "./bytes.ts";
import type { ObjectType } from "./git-object.ts";
import type { Oid } from "./oid.ts";

/** A full reference name such as `refs/heads/main` or `HEAD`, as bytes. */
export type RefName = ByteString;

/** A reference as read from the repository. */
export interface Reference {
  readonly name: RefName;
  /** The object that the reference resolves to. */
  readonly oid: Oid;
  /** What an annotated tag finally points at; absent for other references and where peeling was not asked for. */
  readonly peeledOid?: Oid;
  /** The name that a symbolic reference points at. */
  readonly symbolicTarget?: RefName;
  /** Type of the object at `oid`, where it was cheap to tell. */
  readonly type?: ObjectType;
}

/** Where HEAD points. */
export interface Head {
  /** The branch that HEAD names; absent when HEAD is detached. */
  readonly target?: RefName;
  /** The commit; absent while the branch is unborn. */
  readonly oid?: Oid;
}

/** One change of a reference. `newOid` of zeros deletes it. */
export interface RefChange {
  readonly name: RefName;
  readonly newOid: Oid;
  /** What must be there: an id, or zeros for "must not exist"; absent means whatever is there. */
  readonly expectedOid?: Oid;
}

export const REFS_HEADS = "refs/heads/";
export const REFS_TAGS = "refs/tags/";
export const REFS_REMOTES = "refs/remotes/";

// Git refuses control characters, space, DEL and ~ ^ : ? * [ \ anywhere in a name.
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\x00-\x20\x7f~^:?*[\\]/;

/** What is wrong with a name, or undefined when `git check-ref-format` accepts it (git-check-ref-format(1)). */
export function problemOfRefName(name: RefName): string | undefined {
  if (name.length === 0) return "is empty";
  if (name === "@") return "is a single @";
  if (name.startsWith("/") || name.endsWith("/")) return "begins or ends with a slash";
  if (name.endsWith(".")) return "ends with a dot";
  if (name.includes("..")) return "contains double dots";
  if (name.includes("//")) return "contains double slashes";
  if (name.includes("@{")) return "contains @{";
  if (FORBIDDEN.test(name)) return "contains a forbidden character";
  for (const part of name.split("/")) {
    if (part.startsWith(".")) return "has a component that begins with a dot";
    if (part.endsWith(".lock")) return "has a component that ends with .lock";
  }
  return undefined;
}

/** Is this a full name below `refs/` that Git accepts? */
export function isFullRefName(name: RefName): boolean {
  return name.startsWith("refs/") && problemOfRefName(name) === undefined;
}
