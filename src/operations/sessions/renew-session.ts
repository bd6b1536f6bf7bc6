import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION, SessionItem, sessionItem, SessionPlaceFields } from "./session-fields.ts";

/** Puts the end of a session's lease off, as every use of it does. */
export const renewSession = defineOperation({
  name: "renewSession",
  summary: "Renew the lease of a worktree session",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(SessionPlaceFields, { additionalProperties: false }),
  output: SessionItem,
  errors: ["unauthenticated", "session_not_found"],
  examples: [{ title: "A session", input: { session: EXAMPLE_SESSION } }],
  route: { method: "POST", path: "/repos/:repo/sessions/:session/renew" },
  async run({ session }, { repository, sessions }) {
    return sessionItem(await sessions.renew(repository, session));
  },
});
