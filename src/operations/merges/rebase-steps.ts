import type { OpenRepository, Quarantine } from "../../contract/context.ts";
import { BytesField, Maybe, OidField, type Static, Type } from "../../contract/fields.ts";
import { parseCommit, rawHeader } from "../../domain/commit.ts";
import { OperationError } from "../../domain/errors.ts";
import { withNewline } from "../../domain/line-endings.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import { readCommit } from "../commits/read-commit.ts";
import { type Signer } from "../commits/signer.ts";
import { writeCommit } from "../commits/write-commit.ts";

const STEPS_MAX = 1000;
const message = BytesField("Message of the commit");
const commit = OidField("Id of a commit");
const strict = { additionalProperties: false };

/** What an interactive rebase is told, as the list that `git rebase --interactive` shows (git-rebase(1), "Interactive mode"). */
export const StepsField = Type.Array(
  Type.Union([
    Type.Object({ action: Type.Literal("pick"), commit }, strict),
    Type.Object({ action: Type.Literal("reword"), commit, message }, strict),
    Type.Object({ action: Type.Literal("squash"), commit, message: Maybe(message) }, strict),
    Type.Object({ action: Type.Literal("fixup"), commit }, strict),
    Type.Object({ action: Type.Literal("drop"), commit }, strict),
  ]),
  {
    // As git, which takes an empty list for one that somebody has given up.
    minItems: 1,
    maxItems: STEPS_MAX,
    description: "What becomes of each commit, the first to be replayed first; absent: all are picked",
  },
);

export type RebaseStep = Static<typeof StepsField>[number];

/** The commits that a rebase replays when it is told nothing: those that `onto` lacks, the oldest first, without merges. */
export async function defaultSteps({ git, view }: OpenRepository, onto: Oid, tip: Oid): Promise<RebaseStep[]> {
  if (tip === onto || (await git.history.isAncestor(view, tip, onto))) return [];
  const commits = await git.history.unappliedCommits(view, onto, tip);
  return commits.map((commit) => ({ action: "pick", commit }));
}

/** A commit of the result: what it replaces when the next one is melted into it. */
interface Made {
  readonly oid: Oid;
  readonly parent: Oid;
  readonly author: Uint8Array;
  readonly message: Uint8Array;
}

/**
 * Replays commits onto another and gives the last one. What has nothing to add any more is left out, as git does. Throws `merge_conflict` with the commit that does
 * not apply, `invalid_input` for a list that begins with a commit to be melted into the one before.
 */
export async function replay(
  repository: OpenRepository,
  quarantine: Quarantine,
  onto: Oid,
  steps: readonly RebaseStep[],
  committer: Uint8Array,
  signal: AbortSignal,
  signer?: Signer,
): Promise<Oid> {
  const { git } = repository;
  const { view } = quarantine;
  let tip = onto;
  let last: Made | undefined;
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    if (step.action === "drop") continue;
    const melts = step.action === "squash" || step.action === "fixup";
    if (melts && last === undefined)
      throw new OperationError("invalid_input", {
        field: `steps[${index}]`,
        problem: "has no commit before it to go into",
      });
    const object = isOid(step.commit, repository.objectFormat) ? await git.objects.read(view, step.commit) : undefined;
    if (object?.type !== "commit")
      throw new OperationError("revision_not_found", { revision: step.commit, field: `steps[${index}].commit` });
    const taken = parseCommit(object.oid, object.content);
    const parent = taken.parentOids[0];
    const before =
      (parent === undefined ? undefined : (await readCommit(git, view, parent))?.treeOid) ??
      (await git.objects.write(view, "tree", new Uint8Array()));
    const merged = await git.merge.mergeTrees(view, before, tip, step.commit);
    if (!merged.clean) {
      const { conflictingPaths } = merged;
      throw new OperationError("merge_conflict", { conflictingPaths, commitOids: [tip, step.commit] });
    }
    const tipTree = (await readCommit(git, view, tip))?.treeOid;
    if (merged.tree === tipTree && taken.treeOid !== before && !melts) continue;
    const author = melts ? last!.author : (rawHeader(object.content, "author") ?? committer);
    const words = messageOf(step, taken.message, last);
    const on = melts ? last!.parent : tip;
    const oid = await writeCommit(
      repository,
      view,
      {
        treeOid: merged.tree,
        parentOids: [on],
        author,
        committer,
        message: words,
        ...(melts ? {} : { encoding: taken.encoding }),
      },
      signer,
    );
    last = { oid, parent: on, author, message: words };
    tip = oid;
  }
  return tip;
}

function messageOf(step: RebaseStep, own: Uint8Array, last: Made | undefined): Uint8Array {
  switch (step.action) {
    case "reword":
      return withNewline(step.message);
    case "squash":
      return step.message === undefined ? joined(last!.message, own) : withNewline(step.message);
    case "fixup":
      return last!.message;
    default:
      return own;
  }
}

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array =>
  Buffer.concat([withNewline(first), Buffer.from("\n"), second]);
