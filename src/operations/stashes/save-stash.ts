import { BytesField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { writerOf } from "../commits/writer-of.ts";
import { EXAMPLE_SESSION, MaybeSessionField, STAGING_ERRORS } from "../sessions/session-fields.ts";
import { StashItem, stashItem } from "./stash-fields.ts";
import { ExpectedHeadField } from "../sessions/expect-session.ts";

const MESSAGE_BYTES_MAX = 4096;

/** Puts the changes of a session away, staged or not; index and worktree are then as its head is. */
export const saveStash = defineOperation({
  name: "saveStash",
  summary: "Stash changes",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      session: MaybeSessionField,
      message: Maybe(BytesField("What to call it, one line; branch and commit when absent")),
      includeUntracked: Maybe(
        Type.Boolean({
          json: "includeUntracked",
          description: "Files that Git does not know as well; ignored ones stay",
        }),
      ),
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: StashItem,
  errors: [
    ...STAGING_ERRORS,
    "nothing_to_stash",
    "index_unmerged",
    "revision_not_found",
    "invalid_identity",
    "invalid_input",
  ],
  examples: [
    {
      title: "With new files",
      input: { session: EXAMPLE_SESSION, message: Buffer.from("half done"), includeUntracked: true },
    },
  ],
  route: { method: "POST", path: "/repos/:repo/stash", ifMatch: "expectedOid", status: 201 },
  async run({ session: id, message, includeUntracked = false, expectedOid }, ctx) {
    if (message !== undefined) refuseLines(message);
    const committer = commitIdentity(await writerOf(ctx), resolveMoment(undefined, ctx.clock));
    const title = message === undefined || message.length === 0 ? {} : { message };
    const saved = await ctx.sessions.writing(
      ctx.repository,
      id,
      ({ git, view }) => git.worktree.stashSave(view, { ...title, includeUntracked, committer }),
      { expectedHead: expectedOid },
    );
    if (saved === undefined) throw new OperationError("nothing_to_stash", {});
    return stashItem(saved);
  },
});

/** It is a line of a reflog. */
function refuseLines(message: Uint8Array): void {
  if (message.includes(0x0a) || message.includes(0x0d) || message.includes(0))
    throw new OperationError("invalid_input", { field: "message", problem: "has to be one line" });
  if (message.length > MESSAGE_BYTES_MAX)
    throw new OperationError("invalid_input", {
      field: "message",
      problem: `has more than ${MESSAGE_BYTES_MAX} bytes`,
    });
}
