import { ByteStringField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    ancestor: ByteStringField("Revision of the commit that may be the ancestor"),
    descendant: ByteStringField("Revision of the commit that may be the descendant"),
  },
  { additionalProperties: false },
);

/** Tells whether one commit is reachable from another; a commit is reachable from itself. */
export const isAncestor = defineOperation({
  name: "isAncestor",
  summary: "Tell whether a commit is an ancestor of another",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: Type.Object({ isAncestor: Type.Boolean() }),
  errors: ["revision_not_found"],
  examples: [{ title: "A commit and itself", input: { ancestor: "main", descendant: "main" } }],
  route: { method: "GET", path: "/repos/:repo/is-ancestor" },
  async run(input, { repository }) {
    const { git, view } = repository;
    const [ancestor, descendant] = await repository.consistently(() =>
      Promise.all([
        git.objects.resolve(view, input.ancestor, "commit"),
        git.objects.resolve(view, input.descendant, "commit"),
      ]),
    );
    if (ancestor === undefined)
      throw new OperationError("revision_not_found", { revision: input.ancestor, field: "ancestor" });
    if (descendant === undefined) {
      throw new OperationError("revision_not_found", { revision: input.descendant, field: "descendant" });
    }
    return { isAncestor: ancestor === descendant || (await git.history.isAncestor(view, ancestor, descendant)) };
  },
});
