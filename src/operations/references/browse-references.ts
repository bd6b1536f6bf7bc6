import { ByteStringField, DirectionField, LimitField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { ReferenceField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { Reference } from "../../domain/reference.ts";
import { isHiddenFromFetches } from "../../domain/hidden-refs.ts";
import { compileRefPatterns } from "../../domain/ref-pattern.ts";
import { collectHere } from "./collect-references.ts";
import { pageOfReferences } from "./reference-page.ts";
import { withType } from "./shown-reference.ts";
import { sortedBehind, sortReferences, SortKeyField } from "./sort-references.ts";

/** Lists the references that those see who fetch: none that are the server's own. */
export const browseReferences = defineOperation({
  name: "browseReferences",
  summary: "List references",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      patterns: Maybe(
        Type.Array(ByteStringField("Name, directory or glob, as for git for-each-ref; absent: all"), {
          maxItems: 100,
          json: "pattern",
        }),
      ),
      sort: Maybe(SortKeyField),
      direction: Maybe(DirectionField),
      after: Maybe(
        ByteStringField("The reference behind which the page begins: its full name, and the id that it had"),
      ),
      limit: Maybe(LimitField),
    },
    { additionalProperties: false },
  ),
  output: ReferenceField,
  errors: ["page_token_not_found"],
  examples: [
    { title: "Branches", input: { patterns: ["refs/heads/"] } },
    { title: "The two newest tags by version", input: { patterns: ["refs/tags/"], sort: "version", limit: 2 } },
  ],
  tool: { isDefault: true, advice: "Branches and tags; patterns such as refs/heads/* narrow it." },
  route: { method: "GET", path: "/repos/:repo/refs", pageKey: ({ name, oid }: Reference) => `${name} ${oid}` },
  async *run({ patterns = ["refs/"], sort, direction, after, limit }, { repository }) {
    const all = await repository.consistently(() =>
      collectHere(repository, compileRefPatterns(patterns), { peel: true }),
    );
    const shown = all.filter(({ name }) => !isHiddenFromFetches(name));
    const sorted =
      after === undefined
        ? await sortReferences(repository, shown, sort, direction)
        : await sortedBehind(repository, shown, after, sort, direction);
    const page = pageOfReferences(sorted, { limit });
    yield await Promise.all(page.map((reference) => withType(repository, reference)));
  },
});
