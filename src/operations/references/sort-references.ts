import type { OpenRepository } from "../../contract/context.ts";
import { Type } from "../../contract/fields.ts";
import { toByteString } from "../../domain/bytes.ts";
import { rawHeader } from "../../domain/commit.ts";
import { compareVersions } from "../../domain/compare-versions.ts";
import type { GitObject } from "../../domain/git-object.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import { parseIdentity } from "../../domain/parse-identity.ts";
import type { Reference } from "../../domain/reference.ts";
import { readSmallObjects } from "./read-small-objects.ts";

/** What a list of references is sorted by, as `git for-each-ref --sort`; `created` is a tag's own date or a commit's. */
export const SortKeyField = Type.Union([
  Type.Literal("name"),
  Type.Literal("version"),
  Type.Literal("authored"),
  Type.Literal("committed"),
  Type.Literal("created"),
]);

type SortKey = "name" | "version" | DateKey;
type DateKey = "authored" | "committed" | "created";

const BATCH_OBJECTS = 512;

/** Sorts references that are in the order of their names; equal ones stay in that order, whatever the direction. */
export async function sortReferences(
  repository: OpenRepository,
  references: Reference[],
  key: SortKey = "name",
  direction: "ascending" | "descending" = "ascending",
): Promise<Reference[]> {
  if (key === "name") return direction === "ascending" ? references : references.toReversed();
  return references.toSorted(await orderOf(repository, references, key, direction));
}

/**
 * What stands behind a place in a sorted list: a name, and the id that it had, since it may have moved or be gone. Throws `page_token_not_found` for a place without
 * id in a list by dates.
 */
export async function sortedBehind(
  repository: OpenRepository,
  references: Reference[],
  token: string,
  key: SortKey = "name",
  direction: "ascending" | "descending" = "ascending",
): Promise<Reference[]> {
  const [name = "", oid = ""] = token.split(" ");
  const place = { name, oid };
  if (isDateKey(key) && !isOid(oid, repository.objectFormat))
    throw new OperationError("page_token_not_found", { token });
  const order = await orderOf(repository, [...references, place], key, direction);
  return references.filter((each) => (order(each, place) || byName(each, place)) > 0).toSorted(order);
}

/** What a place in a list of references is told by. */
type Place = Pick<Reference, "name" | "oid">;

const byName = (a: Place, b: Place): number => (a.name < b.name ? -1 : Number(a.name > b.name));

const isDateKey = (key: SortKey): key is DateKey => key !== "name" && key !== "version";

/** Compares two of these references: below zero where the first comes first, zero where only their names tell. */
async function orderOf(
  repository: OpenRepository,
  references: readonly Place[],
  key: SortKey,
  direction: "ascending" | "descending",
): Promise<(a: Place, b: Place) => number> {
  const sign = direction === "ascending" ? 1 : -1;
  if (key === "name") return (a, b) => sign * byName(a, b);
  if (key === "version") return (a, b) => sign * compareVersions(a.name, b.name);
  const dates = await datesOf(repository, references, key);
  const dateOf = ({ oid }: Place) => dates.get(oid) ?? 0;
  return (a, b) => sign * (dateOf(a) - dateOf(b));
}

/** Dates of the objects that references point at; what has none of that kind is left out. */
async function datesOf(
  repository: OpenRepository,
  references: readonly Place[],
  key: DateKey,
): Promise<Map<Oid, number>> {
  const oids = [...new Set(references.map(({ oid }) => oid))];
  const dates = new Map<Oid, number>();
  for (let at = 0; at < oids.length; at += BATCH_OBJECTS) {
    for (const object of await readSmallObjects(repository, oids.slice(at, at + BATCH_OBJECTS))) {
      const seconds = object && dateOf(object, key);
      if (seconds !== undefined) dates.set(object!.oid, seconds);
    }
  }
  return dates;
}

function dateOf({ type, content }: GitObject, key: DateKey): number | undefined {
  const header =
    type === "commit" ? (key === "authored" ? "author" : "committer") : type === "tag" ? "tagger" : undefined;
  if (header === undefined || (type === "tag" && key !== "created")) return undefined;
  const line = rawHeader(content, header);
  const seconds = line && parseIdentity(toByteString(line)).seconds;
  return seconds === undefined ? undefined : Number(seconds);
}
