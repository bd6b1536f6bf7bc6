import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { SessionItem, sessionItem } from "./session-fields.ts";

/** Opens a worktree session. */
export const openSession = defineOperation({
  name: "openSession",
  summary: "Open a worktree session",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      branch: Maybe(ByteStringField("Branch to publish to, it need not exist; session/<id> when absent")),
      from: Maybe(RevField("Where to begin; the branch when it exists, else the default branch")),
      checkout: Maybe(
        Type.Union([Type.Literal("full"), Type.Literal("lazy")], {
          description: "full: all files are written; lazy (default): only those that are changed or asked for",
        }),
      ),
      pushes: Maybe(
        Type.Boolean({ json: "push", description: "Do automatic commits move the branch? True when absent" }),
      ),
    },
    { additionalProperties: false },
  ),
  output: SessionItem,
  errors: ["unauthenticated", "invalid_reference_name", "revision_not_found", "limit_exceeded", "references_locked"],
  examples: [
    { title: "On a branch", input: { branch: "main" } },
    { title: "On a branch of its own, with all files", input: { from: "main", checkout: "full", pushes: false } },
  ],
  tool: {
    isDefault: true,
    advice:
      "Begin here to change anything: a private worktree of your own, that nobody else sees. Then read_worktree_file, write_worktree_file, commit_worktree, push_session with the session's id. Name a branch to push to it; without one the session has a branch of its own. What is left uncommitted is committed automatically.",
  },
  route: { method: "POST", path: "/repos/:repo/sessions", status: 201 },
  async run({ repository: _, checkout = "lazy", pushes = true, ...begin }, { repository, sessions }) {
    return sessionItem(await sessions.open(repository, { ...begin, checkout, pushes }));
  },
});
