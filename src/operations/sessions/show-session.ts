import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION, SessionItem, sessionItem, SessionPlaceFields } from "./session-fields.ts";

/** Shows a session. */
export const showSession = defineOperation({
  name: "showSession",
  summary: "Show a worktree session",
  kind: "read",
  shape: "call",
  access: "read",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(SessionPlaceFields, { additionalProperties: false }),
  output: SessionItem,
  errors: ["unauthenticated", "session_not_found"],
  examples: [{ title: "A session", input: { session: EXAMPLE_SESSION } }],
  route: { method: "GET", path: "/repos/:repo/sessions/:session" },
  async run({ session }, { repository, sessions }) {
    return sessionItem(await sessions.find(repository, session));
  },
});
