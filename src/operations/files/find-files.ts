import { OidField, Maybe, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { FileField, fileOf, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeUtf8, encodeUtf8 } from "../../domain/bytes.ts";
import { compileWildmatch } from "../../domain/wildmatch.ts";
import { resolveCommit } from "../history/resolve-commit.ts";

const LIMIT_MAX = 10_000;
const LIMIT_DEFAULT = 100;

const Output = Type.Object(
  {
    commit: OidField("The commit that was searched"),
    items: Type.Array(FileField, { description: "Files in git's order" }),
    isCut: Type.Boolean({ description: "There are more files than were asked for" }),
  },
  { additionalProperties: false },
);

/** Finds files by their names: by a part of the path, or by a glob where the name has a `*`, `?` or `[`. */
export const findFiles = defineOperation({
  name: "findFiles",
  summary: "Find files by name",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      rev: Maybe(RevField("Revision; the default branch when absent")),
      name: Type.String({
        minLength: 1,
        maxLength: 4096,
        description: "Part of a path in any case, or a glob such as src/**/*.ts",
      }),
      limit: Maybe(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, description: "Files at most" })),
    },
    { additionalProperties: false },
  ),
  output: Output,
  errors: ["revision_not_found"],
  examples: [{ title: "Read-mes", input: { rev: "main", name: "readme" } }],
  tool: { isDefault: true, advice: "Finds files by name." },
  route: { method: "GET", path: "/repos/:repo/files/find" },
  async run({ rev = "HEAD", name, limit = LIMIT_DEFAULT }, { repository }): Promise<Static<typeof Output>> {
    const { git, view } = repository;
    const commit = await resolveCommit(repository, rev);
    const items: Static<typeof FileField>[] = [];
    const matches = matcherOf(name);
    for await (const batch of git.objects.listTree(view, commit, { recursive: true })) {
      for (const entry of batch) {
        if (entry.type === "tree") continue;
        if (!matches(entry.path)) continue;
        if (items.length === limit) return { commit, items, isCut: true };
        items.push(fileOf(entry));
      }
    }
    return { commit, items, isCut: false };
  },
});

/** A glob matches the whole path, any other name a part of it in any case. */
function matcherOf(name: string): (path: string) => boolean {
  if (/[*?[]/.test(name)) return compileWildmatch(encodeUtf8(name), { pathname: true });
  const wanted = name.toLowerCase();
  return (path) => decodeUtf8(path).toLowerCase().includes(wanted);
}
