import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { RepositoryItem, repositoryItem } from "./repository-item.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    defaultBranch: Maybe(ByteStringField("Branch that HEAD shall name, without refs/heads/; main when absent")),
    objectFormat: Maybe(Type.Union([Type.Literal("sha1"), Type.Literal("sha256")])),
    private: Maybe(
      Type.Boolean({ description: "Only its owner, collaborators and administrators see it; absent: public" }),
    ),
    description: Maybe(Type.String({ description: "What it is for, in one line" })),
  },
  { additionalProperties: false },
);

/** Makes an empty bare repository. Its owner is the user whose name its path begins with, else the user who makes it. */
export const createRepository = defineOperation({
  name: "createRepository",
  summary: "Create a repository",
  kind: "write",
  shape: "call",
  access: "create",
  target: "path",
  input: Input,
  output: RepositoryItem,
  errors: ["repository_exists", "invalid_reference_name", "invalid_input"],
  examples: [{ title: "With defaults", input: {} }],
  route: { method: "POST", path: "/repos", status: 201 },
  async run({ repository, defaultBranch, objectFormat, ...record }, { caller, identity, repositories }) {
    await identity.repositories.create(repository, { principal: caller.principal, ...record }, () =>
      repositories.create(repository, {
        objectFormat: objectFormat ?? "sha1",
        ...(defaultBranch === undefined ? {} : { defaultBranch }),
      }),
    );
    return repositoryItem(repository, await identity.repositories.find(repository));
  },
});
