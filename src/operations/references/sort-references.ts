import type { OpenRepository } from "../../contract/context.ts";
import { Type } from "../../contract/fields.ts";
import { toByteString } from "../../domain/bytes.ts";
import { rawHeader } from "../../domain/commit.ts";
import { compareVersions } from "../../domain/compare-versions.ts";
import type { GitObject } from "../../domain/git-object.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import { parseIdentity } from "../../domain/parse-identity.ts";
import type { Reference, RefName } from "../../domain/reference.ts";
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
  const sign = direction === "ascending" ? 1 : -1;
  if (key === "name") return sign > 0 ? references : references.toReversed();
  if (key === "version") return references.toSorted((a, b) => sign * compareVersions(a.name, b.name));
  const dates = await datesOf(repository, references, key);
  const dateOf = (reference: Reference) => dates.get(reference.oid) ?? 0;
  return references.toSorted((a, b) => sign * (dateOf(a) - dateOf(b)));
}

/**
 * What stands behind a place in a sorted list: a name, and the id that it had, since it may have moved or be gone. Throws `page_token_not_found` for a place without
 * id in a list by dates.
 */
export async function sortedBehind(
  repository: OpenRepository,
  references: Reference[],
  place: string,
  key: SortKey = "name",
  direction: "ascending" | "descending" = "ascending",
): Promise<Reference[]> {
  const sorted = await sortReferences(repository, references, key, direction);
  const [name = "", oid] = place.split(" ");
  const sign = direction === "ascending" ? 1 : -1;
  const byName = (a: RefName, b: RefName) => (a < b ? -1 : Number(a > b));
  if (key === "name") return sorted.filter((each) => sign * byName(each.name, name) > 0);
  if (key === "version")
    return sorted.filter((each) => (sign * compareVersions(each.name, name) || byName(each.name, name)) > 0);
  if (oid === undefined || !isOid(oid, repository.objectFormat))
    throw new OperationError("page_token_not_found", { token: place });
  const dates = await datesOf(repository, [...references, { name, oid }], key);
  const dateOf = (id: Oid) => dates.get(id) ?? 0;
  return sorted.filter((each) => (sign * (dateOf(each.oid) - dateOf(oid)) || byName(each.name, name)) > 0);
}

/** Dates of the objects that references point at; what has none of that kind is left out. */
async function datesOf(
  repository: OpenRepository,
  references: readonly Pick<Reference, "name" | "oid">[],
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
