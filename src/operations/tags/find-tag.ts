import type { OpenRepository } from "../../contract/context.ts";
import { ByteStringField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { REFS_TAGS, type Reference } from "../../domain/reference.ts";
import { compileWildmatch, isPattern, literalPrefix } from "../../domain/wildmatch.ts";
import { collectReferences } from "../references/collect-references.ts";
import { readTags, TagItemField } from "./tag-item.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    tag: ByteStringField("Name of the tag, without refs/tags/, or a glob of which the first match counts"),
  },
  { additionalProperties: false },
);

/** Finds a tag by its name, as `git tag --list` does. */
export const findTag = defineOperation({
  name: "findTag",
  summary: "Find a tag",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: TagItemField,
  errors: ["reference_not_found"],
  examples: [{ title: "By name", input: { tag: "v1.0" } }],
  async run({ tag }, { repository }) {
    const reference = isPattern(tag)
      ? await firstMatch(repository, tag)
      : await repository.git.refs.read(repository.view, REFS_TAGS + tag);
    if (reference !== undefined)
      for await (const [item] of readTags(repository, [reference])) if (item !== undefined) return item;
    throw new OperationError("reference_not_found", { reference: REFS_TAGS + tag });
  },
});

async function firstMatch(repository: OpenRepository, pattern: ByteString): Promise<Reference | undefined> {
  const fits = compileWildmatch(pattern, { pathname: false });
  const matches = (name: string) => fits(name.slice(REFS_TAGS.length));
  const found = await collectReferences(
    repository,
    { prefixes: [REFS_TAGS + literalPrefix(pattern)], matches },
    { peel: false },
  );
  return found[0];
}
