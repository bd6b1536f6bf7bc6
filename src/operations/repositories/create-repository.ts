import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    defaultBranch: Maybe(ByteStringField("Branch that HEAD shall name, without refs/heads/; main when absent")),
    objectFormat: Maybe(Type.Union([Type.Literal("sha1"), Type.Literal("sha256")])),
  },
  { additionalProperties: false },
);

/** Makes an empty bare repository. */
export const createRepository = defineOperation({
  name: "createRepository",
  summary: "Create a repository",
  kind: "write",
  shape: "call",
  access: "server-admin",
  target: "path",
  input: Input,
  output: Type.Object({}),
  errors: ["repository_exists", "invalid_reference_name"],
  examples: [{ title: "With defaults", input: {} }],
  async run({ repository, defaultBranch, objectFormat }, { repositories }) {
    await repositories.create(repository, {
      objectFormat: objectFormat ?? "sha1",
      ...(defaultBranch === undefined ? {} : { defaultBranch }),
    });
    return {};
  },
});
