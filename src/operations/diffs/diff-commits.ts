import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { FilePatchField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { resolveSides, SIDES } from "./diff-sides.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    ...SIDES,
    paths: Maybe(Type.Array(ByteStringField("Path or folder to stay in"))),
    renameThreshold: Maybe(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        description: "Least similarity of a rename, percent; absent: none are looked for",
      }),
    ),
    whitespace: Maybe(Type.Union([Type.Literal("keep"), Type.Literal("ignore-change"), Type.Literal("ignore-all")])),
    wordDiff: Maybe(Type.Boolean({ description: "Mark words instead of lines" })),
  },
  { additionalProperties: false },
);

/** Compares two commits or trees file by file, with patches. */
export const diffCommits = defineOperation({
  name: "diffCommits",
  summary: "Compare two commits",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: FilePatchField,
  errors: ["revision_not_found"],
  examples: [{ title: "The last commit of main", input: { left: "main~1", right: "main", renameThreshold: 50 } }],
  async *run({ repository: _, left, right, ...options }, { repository }) {
    const { git, view } = repository;
    const sides = await resolveSides(repository, { left, right });
    for await (const patch of git.diff.patches(view, { ...sides, ...options })) yield [patch];
  },
});
