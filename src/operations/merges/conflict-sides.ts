import { Maybe, OidField, type Static, Type } from "../../contract/fields.ts";
import { formatMode, PathField } from "../../contract/management-nouns.ts";
import type { OpenRepository } from "../../contract/context.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { entryAt } from "../files/entry-at.ts";

const Side = Maybe(
  Type.Object(
    { oid: OidField("What is there"), mode: Type.String({ description: "As git prints it" }) },
    { additionalProperties: false, title: "ConflictSide" },
  ),
);

/** A path that two sides have changed in ways that do not go together. */
export const ConflictField = Type.Object(
  { path: PathField(), base: Side, ours: Side, theirs: Side },
  {
    additionalProperties: false,
    title: "Conflict",
    description: "A conflict: what the path is on each side; absent where nothing is",
  },
);

/** Looks up what conflicting paths are on the three sides. */
export function conflictSides(
  repository: Pick<OpenRepository, "git" | "view">,
  paths: readonly GitPath[],
  sides: { readonly base: Oid | undefined; readonly ours: Oid; readonly theirs: Oid },
): Promise<Static<typeof ConflictField>[]> {
  const at = async (treeish: Oid | undefined, path: GitPath) => {
    const entry = treeish === undefined ? undefined : await entryAt(repository, treeish, path);
    return entry === undefined ? undefined : { oid: entry.oid, mode: formatMode(entry.mode) };
  };
  return Promise.all(
    paths.map(async (path) => {
      const [base, ours, theirs] = await Promise.all([
        at(sides.base, path),
        at(sides.ours, path),
        at(sides.theirs, path),
      ]);
      return { path, ...(base && { base }), ...(ours && { ours }), ...(theirs && { theirs }) };
    }),
  );
}
