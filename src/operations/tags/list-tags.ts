import { ByteStringField, DirectionField, LimitField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { REFS_TAGS } from "../../domain/reference.ts";
import { collectReferences } from "../references/collect-references.ts";
import { pageOfReferences } from "../references/reference-page.ts";
import { sortReferences } from "../references/sort-references.ts";
import { readTags, TagItemField } from "./tag-item.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    sort: Maybe(Type.Union([Type.Literal("name"), Type.Literal("version"), Type.Literal("created")])),
    direction: Maybe(DirectionField),
    after: Maybe(ByteStringField("Full name of the tag behind which the page begins")),
    limit: Maybe(LimitField),
  },
  { additionalProperties: false },
);

/** Lists tags with their messages and the commits that they lead to. */
export const listTags = defineOperation({
  name: "listTags",
  summary: "List tags",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: TagItemField,
  errors: ["page_token_not_found"],
  examples: [{ title: "Newest version first", input: { sort: "version", direction: "descending" } }],
  async *run({ sort, direction, after, limit }, { repository }) {
    const all = await collectReferences(repository, { prefixes: [REFS_TAGS] }, { peel: false });
    const sorted = await sortReferences(repository, all, sort, direction);
    yield* readTags(repository, pageOfReferences(sorted, { after, limit }));
  },
});
