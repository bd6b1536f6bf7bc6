import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { SessionItem, sessionItem } from "./session-fields.ts";

/** Lists the caller's sessions of a repository, oldest first; over the control socket everybody's. */
export const listSessions = defineOperation({
  name: "listSessions",
  summary: "List worktree sessions",
  kind: "read",
  shape: "list",
  access: "read",
  needsCredentials: true,
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: SessionItem,
  errors: ["unauthenticated"],
  examples: [{ title: "One's own", input: {} }],
  tool: { isDefault: true, advice: "Your own sessions; any connection can go on with one." },
  route: { method: "GET", path: "/repos/:repo/sessions" },
  async *run({ repository: _ }, { repository, sessions }) {
    yield (await sessions.list(repository)).map(sessionItem);
  },
});
