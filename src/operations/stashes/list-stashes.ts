import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeCursor, encodeCursor, PageOf, pageFields } from "../../contract/page.ts";
import { OperationError } from "../../domain/errors.ts";
import { EXAMPLE_SESSION, MaybeSessionField, SESSION_ERRORS } from "../sessions/session-fields.ts";
import { StashItem, stashItem } from "./stash-fields.ts";

const LIMIT_MAX = 1000;

/** Lists the stashes of a session. */
export const listStashes = defineOperation({
  name: "listStashes",
  summary: "List stashes",
  kind: "read",
  shape: "call",
  access: "read",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, session: MaybeSessionField, ...pageFields(LIMIT_MAX) },
    { additionalProperties: false },
  ),
  output: PageOf(StashItem, "The stashes, the newest first"),
  errors: [...SESSION_ERRORS, "session_required", "page_token_not_found"],
  examples: [{ title: "Of a session", input: { session: EXAMPLE_SESSION } }],
  route: { method: "GET", path: "/repos/:repo/stash" },
  async run({ session: id, limit = LIMIT_MAX, cursor }, { repository, sessions }) {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, ["after"]).after;
    const stashes = await sessions.reading(repository, id, ({ git, view }) => git.worktree.stashList(view));
    const start = after === undefined ? 0 : stashes.findIndex(({ oid }) => oid === after) + 1;
    // The stash that the page before ended with is gone, and with it the place to go on.
    if (cursor !== undefined && start === 0) throw new OperationError("page_token_not_found", { token: cursor });
    const items = stashes.slice(start, start + limit).map(stashItem);
    const nextCursor = start + limit < stashes.length ? encodeCursor({ after: items.at(-1)!.id }) : null;
    return { items, nextCursor };
  },
});
