import { ByteStringField, DirectionField, LimitField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { collectReferences } from "../references/collect-references.ts";
import { pageOfReferences } from "../references/reference-page.ts";
import { sortReferences } from "../references/sort-references.ts";
import { BranchField, readBranches } from "./branch-item.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    sort: Maybe(Type.Union([Type.Literal("name"), Type.Literal("updated")])),
    direction: Maybe(DirectionField),
    after: Maybe(ByteStringField("Full name of the branch behind which the page begins")),
    limit: Maybe(LimitField),
  },
  { additionalProperties: false },
);

/** Lists the local branches with the commits at their tips. */
export const listBranches = defineOperation({
  name: "listBranches",
  summary: "List branches",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: BranchField,
  errors: ["page_token_not_found", "not_a_commit"],
  examples: [{ title: "The ten that changed last", input: { sort: "updated", direction: "descending", limit: 10 } }],
  async *run({ sort, direction, after, limit }, { repository }) {
    const all = await collectReferences(repository, { prefixes: [REFS_HEADS] }, { peel: false });
    const sorted = await sortReferences(repository, all, sort === "updated" ? "committed" : "name", direction);
    yield* readBranches(repository, pageOfReferences(sorted, { after, limit }));
  },
});
