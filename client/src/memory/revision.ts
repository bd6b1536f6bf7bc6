import { ValidationError } from "../errors.ts";
import { type ByteString, toByteString } from "./byte-string.ts";
import type { ObjectType } from "./git-object.ts";
import type { ObjectStore } from "./object-store.ts";
import type { ReferenceStore } from "./reference-store.ts";

/** Where revisions are looked up. */
interface Names {
  readonly objects: ObjectStore;
  readonly references: ReferenceStore;
}

/** Where Git looks for a name, in this order (gitrevisions(7)). */
const PLACES = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
const SUFFIX = /(?:~(\d*)|\^(\d+)|\^\{([a-z]*)\}|\^)$/;
/** Fewer digits are never an abbreviated id. */
const SHORT_ID = /^[0-9a-f]{4,64}$/i;

/** The object that a revision names: an id, a reference, an unambiguous beginning of an id, with `~n`, `^n`, `^{type}`. */
export function resolveRevision(names: Names, revision: string): string | undefined {
  checkRevision(revision);
  return resolve(names, toByteString(revision), undefined);
}

/** The commit that a revision leads to, through tags. */
export function resolveCommit(names: Names, revision: string): string | undefined {
  checkRevision(revision);
  return peel(names.objects, resolve(names, toByteString(revision), "commit"), "commit");
}

/** The tree that a revision leads to, through tags and commits. */
export function resolveTree(names: Names, revision: string): string | undefined {
  checkRevision(revision);
  return peel(names.objects, resolve(names, toByteString(revision), "tree"), "tree");
}

/** Follows tags, and commits to their trees, to an object of a type. */
export function peel(objects: ObjectStore, id: string | undefined, type: ObjectType): string | undefined {
  for (let at = id; at !== undefined;) {
    const found = objects.typeOf(at);
    if (found === type) return at;
    if (found === "tag") at = objects.tag(at).targetId;
    else if (found === "commit" && type === "tree") at = objects.commit(at).treeId;
    else return undefined;
  }
  return undefined;
}

function resolve({ objects, references }: Names, revision: ByteString, wanted: ObjectType | undefined) {
  const suffix = SUFFIX.exec(revision);
  if (suffix === null) return resolveName({ objects, references }, revision, wanted);
  const [text, generations, parent, type] = suffix;
  const before = revision.slice(0, -text.length);
  if (type !== undefined) return resolveType({ objects, references }, before, type);
  let id = peel(objects, resolve({ objects, references }, before, "commit"), "commit");
  if (generations === undefined) {
    const number = Number(parent ?? 1);
    return id === undefined || number === 0 ? id : objects.commit(id).parentIds[number - 1];
  }
  for (let left = generations === "" ? 1 : Number(generations); left > 0 && id !== undefined; left--) {
    id = objects.commit(id).parentIds[0];
  }
  return id;
}

function resolveType(names: Names, revision: ByteString, type: string): string | undefined {
  const id: string | undefined = resolve(names, revision, isObjectType(type) ? type : undefined);
  if (type === "object") return id;
  if (isObjectType(type)) return peel(names.objects, id, type);
  if (type !== "" || id === undefined) return undefined;
  let at = id;
  while (names.objects.typeOf(at) === "tag") at = names.objects.tag(at).targetId;
  return at;
}

function isObjectType(type: string): type is ObjectType {
  return ["blob", "tree", "commit", "tag"].includes(type);
}

function resolveName({ objects, references }: Names, name: ByteString, wanted: ObjectType | undefined) {
  const lower = name.toLowerCase();
  if (SHORT_ID.test(name) && lower.length === objects.zeroId.length) {
    return objects.typeOf(lower) === undefined ? undefined : lower;
  }
  if (name === "@" || name === "HEAD") return references.read("HEAD");
  for (const place of PLACES) {
    const id = references.read(place + name);
    if (id !== undefined) return id;
  }
  if (!SHORT_ID.test(name)) return undefined;
  const ids = [...objects.idsWith(lower)];
  if (ids.length <= 1 || wanted === undefined) return ids.length === 1 ? ids[0] : undefined;
  // Where only a commit (or a tree) can be meant, others with the same beginning do not count.
  const fitting = ids.filter((id) => peel(objects, id, wanted) !== undefined);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** The syntax that servers accept. `ValidationError` otherwise. */
function checkRevision(revision: string): void {
  const problem = problemOf(revision);
  if (problem !== undefined) throw new ValidationError(problem, { code: "INVALID_ARGUMENT" });
}

function problemOf(revision: string): string | undefined {
  if (revision === "") return "empty revision";
  if (revision.startsWith("-")) return "revision can't start with '-'";
  if (/[ \t\r\n]/.test(revision)) return "revision can't contain whitespace";
  if (revision.includes("\0")) return "revision can't contain NUL";
  if (revision.includes(":")) return "revision can't contain ':'";
  if (revision.includes("\\")) return "revision can't contain '\\'";
  return undefined;
}
