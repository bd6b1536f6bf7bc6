import { Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { OpenRepository } from "../../contract/context.ts";
import type { OpenSession } from "../../contract/sessions.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { mayRevealHidden } from "../../domain/hidden-refs.ts";
import { isZeroOid, type Oid } from "../../domain/oid.ts";
import { EXAMPLE_SESSION, MaybeSessionField, orNull, STAGING_ERRORS } from "../sessions/session-fields.ts";
import { ExpectedHeadField } from "../sessions/expect-session.ts";

/** Moves a session's head to another commit (git-reset(1)). */
export const resetSession = defineOperation({
  name: "resetSession",
  summary: "Reset a worktree session to a commit",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      session: MaybeSessionField,
      mode: Type.Union([Type.Literal("soft"), Type.Literal("mixed"), Type.Literal("hard")], {
        description: "soft: the head alone; mixed: also what is staged; hard: also the files, whose changes are lost",
      }),
      rev: Maybe(
        RevField("Commit: HEAD, HEAD~2 are the session's; a branch or tag is the repository's. HEAD when absent"),
      ),
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      commit: OidField("The head now"),
      previous: Type.Union([OidField("The head before"), Type.Null()], {
        description: "The session's head before; null: there was none",
      }),
    },
    { additionalProperties: false },
  ),
  errors: [...STAGING_ERRORS, "revision_not_found", "index_unmerged", "worktree_dirty"],
  examples: [{ title: "Back by one commit", input: { session: EXAMPLE_SESSION, mode: "mixed", rev: "HEAD~1" } }],
  tool: { destructive: true, idempotent: true, advice: "With mode hard what has not been committed is lost." },
  route: { method: "POST", path: "/repos/:repo/reset", ifMatch: "expectedOid" },
  async run({ session: id, mode, rev = "HEAD", expectedOid }, { repository, sessions }) {
    return await sessions.writing(
      repository,
      id,
      async (session) => {
        const commit = await commitNamed(repository, session, rev);
        await session.git.worktree.reset(session.view, commit, mode);
        return { commit, previous: orNull(session.info.headOid) };
      },
      { expectedHead: expectedOid },
    );
  },
});

/** HEAD is the session's; other names are the repository's, or else ids of what only the session has. */
async function commitNamed(
  repository: OpenRepository,
  { git, view, info }: OpenSession,
  rev: ByteString,
): Promise<Oid> {
  const isHead = /^(?:HEAD|@)(?=$|[~^@])/.test(rev);
  if (isHead && isZeroOid(info.headOid))
    throw new OperationError("revision_not_found", { revision: rev, field: "rev" });
  let found = isHead ? undefined : await git.objects.resolve(repository.view, rev, "commit");
  if (found === undefined) {
    found = await git.objects.resolve(view, rev, "commit");
    // The session sees all objects of the repository; whose id is guessed is to be its own.
    const isGuess = found !== undefined && mayRevealHidden(rev);
    if (isGuess && (isZeroOid(info.headOid) || !(await git.history.isAncestor(view, found!, info.headOid))))
      found = undefined;
  }
  if (found === undefined) throw new OperationError("revision_not_found", { revision: rev, field: "rev" });
  return found;
}
