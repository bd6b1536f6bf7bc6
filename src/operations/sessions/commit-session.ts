import type { OpenSession } from "../../contract/sessions.ts";
import { BytesField, Maybe, OidField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { withSignature } from "../../domain/commit-signature.ts";
import { OperationError } from "../../domain/errors.ts";
import { formatCommit } from "../../domain/format-object.ts";
import { withNewline } from "../../domain/line-endings.ts";
import { EMPTY_TREE, type Oid } from "../../domain/oid.ts";
import { commitIdentity, PersonField, resolveMoment } from "../commits/person-fields.ts";
import { signerFor, signFields } from "../commits/signer.ts";
import { writerOf } from "../commits/writer-of.ts";
import { EXAMPLE_SESSION, LOCK_ERRORS, SESSION_ERRORS, SessionPlaceFields } from "./session-fields.ts";
import { EXPECTED_HEAD_ERRORS, ExpectedHeadField } from "./expect-session.ts";

/** Commits what is staged in a session, or everything where nothing is. */
export const commitSession = defineOperation({
  name: "commitSession",
  summary: "Commit in a worktree session",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      ...SessionPlaceFields,
      message: BytesField("Message of the commit; a newline at its end is added"),
      all: Maybe(
        Type.Boolean({
          description:
            "Everything that has changed, staged or not. Absent: what is staged; everything where nothing is",
        }),
      ),
      allowEmpty: Maybe(Type.Boolean({ description: "Make a commit even where nothing has changed" })),
      author: Maybe(PersonField),
      ...signFields,
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      commit: OidField("The new commit, the session's head"),
      tree: OidField("Its tree"),
      parent: Type.Union([OidField("The head before"), Type.Null()], {
        description: "The session's head before; null for its first commit",
      }),
    },
    { additionalProperties: false, title: "SessionCommit" },
  ),
  errors: [
    ...SESSION_ERRORS,
    ...EXPECTED_HEAD_ERRORS,
    ...LOCK_ERRORS,
    "nothing_to_commit",
    "index_unmerged",
    "signing_key_missing",
    "invalid_identity",
    "invalid_input",
    "disk_full",
  ],
  examples: [
    { title: "Everything", input: { session: EXAMPLE_SESSION, message: Buffer.from("What was done"), all: true } },
  ],
  route: { method: "POST", path: "/repos/:repo/sessions/:session/commit", ifMatch: "expectedOid" },
  async run({ session: id, message, all, allowEmpty = false, author, sign, expectedOid }, ctx) {
    if (message.includes(0))
      throw new OperationError("invalid_input", { field: "message", problem: "has a NUL byte in it" });
    const signer = signerFor(ctx, sign);
    const time = resolveMoment(undefined, ctx.clock);
    const writer = await writerOf(ctx);
    const people = { author: commitIdentity(author ?? writer, time), committer: commitIdentity(writer, time) };
    return await ctx.sessions.writing(
      ctx.repository,
      id,
      async (session) => {
        const { git, view } = session;
        const parent = (await git.refs.head(view)).oid;
        const before = await treeOf(session, parent);
        const treeOid = await treeToCommit(session, before, all);
        // Whatever is left was not meant to be committed: the timer of the automatic commit stops.
        // The server by itself goes on with the rest at once.
        const stopsTimer = all !== false || ctx.caller.door !== "internal";
        if (treeOid === before && !allowEmpty) {
          if (stopsTimer) session.committed();
          throw new OperationError("nothing_to_commit", {});
        }
        const parentOids = parent === undefined ? [] : [parent];
        const text = formatCommit({ treeOid, parentOids, ...people, message: withNewline(message) });
        const content = signer === undefined ? text : withSignature(text, await signer(text), view.objectFormat);
        const commit = await git.worktree.writeObject(view, "commit", content);
        await session.moveHead(commit, stopsTimer);
        return { commit, tree: treeOid, parent: parent ?? null };
      },
      { changes: "history", expectedHead: expectedOid },
    );
  },
});

async function treeToCommit({ git, view }: OpenSession, before: Oid, all: boolean | undefined): Promise<Oid> {
  if (all !== true) {
    const staged = await git.worktree.writeTree(view);
    if (all === false || staged !== before) return staged;
  }
  await git.worktree.stage(view);
  return await git.worktree.writeTree(view);
}

async function treeOf({ git, view }: OpenSession, commit: Oid | undefined): Promise<Oid> {
  const tree = commit === undefined ? undefined : await git.objects.resolve(view, `${commit}^{tree}`, "tree");
  return tree ?? EMPTY_TREE[view.objectFormat];
}
