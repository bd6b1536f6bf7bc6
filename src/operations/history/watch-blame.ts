import { Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { Context, OpenRepository } from "../../contract/context.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import type { BlameQuery } from "../../backend/backend.ts";
import { hasReason } from "../../domain/errors.ts";
import { literalPathspec } from "../../domain/literal-pathspec.ts";
import type { Oid } from "../../domain/oid.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { BlamedRangeField, blamedRangeOf, BlameFields, blameQueryOf } from "./blame-fields.ts";
import { RepositoryChanges } from "./repository-changes.ts";
import { resolveCommit } from "./resolve-commit.ts";
import { unlessNotFound } from "./watch-log.ts";

const BATCH_RANGES_MAX = 256;

const Output = Type.Object(
  {
    type: Type.Union(
      [
        Type.Literal("begin"),
        Type.Literal("lines"),
        Type.Literal("done"),
        Type.Literal("moved"),
        Type.Literal("absent"),
      ],
      {
        description:
          "begin: a blame begins, what was told before is over; lines: some of it; done: that was all; moved: the revision leads elsewhere; absent: the file is not there any more",
      },
    ),
    oid: Maybe(OidField("begin: the commit that is looked at")),
    items: Maybe(Type.Array(BlamedRangeField, { description: "lines: as they are found, in no order" })),
    commits: Maybe(Type.Array(CommitInfoField, { description: "lines: those that are named for the first time" })),
    from: Maybe(Type.Union([OidField("Commit"), Type.Null()], { description: "moved: where it led; null: nowhere" })),
    to: Maybe(Type.Union([OidField("Commit"), Type.Null()], { description: "moved: where it leads; null: nowhere" })),
  },
  { additionalProperties: false },
);

type Told = Static<typeof Output>;
type Query = Omit<BlameQuery, "commit">;

/** Tells which commits the lines of a file came with, as it is found; and again whenever the file has changed. */
export const watchBlame = defineOperation({
  name: "watchBlame",
  summary: "Watch a blame",
  kind: "read",
  shape: "watch",
  access: "read",
  // It is opened for a while only: who watches must not keep it from being removed.
  target: "path",
  worksFirst: true,
  input: Type.Object({ repository: RepositoryField, ...BlameFields }, { additionalProperties: false }),
  output: Output,
  errors: ["repository_not_found", "revision_not_found", "path_not_found", "invalid_path"],
  examples: [{ title: "The read-me", input: { rev: "main", path: "README.md" } }],
  async *run({ repository: place, rev = "HEAD", ...input }, ctx): AsyncGenerator<Told> {
    const query = { ...blameQueryOf(input), asFound: true };
    const changes = await RepositoryChanges.begin(ctx, place);
    try {
      let told: Oid | undefined = yield* beginning(ctx, place, rev, query);
      // Told only when the repository has been given back: nobody waits for a reader that has all there is.
      yield { type: "done" };
      ctx.idle();
      while (await changes.next()) {
        const { commit, last }: Moved = yield* whatMoved(ctx, place, rev, query, told);
        if (last !== undefined) yield { type: last };
        told = commit;
      }
    } finally {
      changes.stop();
    }
  },
});

async function* beginning(ctx: Context, place: RepositoryRef, rev: string, query: Query): AsyncGenerator<Told, Oid> {
  const { repository, release } = await ctx.borrow(place);
  try {
    const commit = await resolveCommit(repository, rev);
    yield* blameOf(ctx, place, repository, { ...query, commit });
    return commit;
  } finally {
    await release();
  }
}

/** The commit that has been told by now, and the last word that is still to be said of it. */
interface Moved {
  readonly commit: Oid | undefined;
  readonly last?: "done" | "absent";
}

/** Tells the blame again where it has changed. */
async function* whatMoved(
  ctx: Context,
  place: RepositoryRef,
  rev: string,
  query: Query,
  told: Oid | undefined,
): AsyncGenerator<Told, Moved> {
  const { repository, release } = await ctx.borrow(place);
  try {
    const commit = await resolveCommit(repository, rev).catch(unlessNotFound);
    if (commit === told) return { commit };
    yield { type: "moved", from: told ?? null, to: commit ?? null };
    if (commit === undefined) return { commit };
    if (told !== undefined && (await isSame(repository, query, told, commit))) return { commit };
    try {
      yield* blameOf(ctx, place, repository, { ...query, commit });
    } catch (error) {
      if (!hasReason(error, "path_not_found")) throw error;
      return { commit, last: "absent" };
    }
    return { commit, last: "done" };
  } finally {
    await release();
  }
}

/** Did nothing happen to the file between a commit and a later one? The same content may have come with another commit. */
async function isSame({ git, view }: OpenRepository, { path }: Query, before: Oid, now: Oid): Promise<boolean> {
  if ((await git.objects.resolve(view, before, "commit")) === undefined) return false;
  if (!(await git.history.isAncestor(view, before, now))) return false;
  const walk = git.history.log(view, { revisions: [now, `^${before}`], paths: [literalPathspec(path)], limit: 1 });
  for await (const oids of walk) if (oids.length > 0) return false;
  return true;
}

async function* blameOf(
  ctx: Context,
  place: RepositoryRef,
  repository: OpenRepository,
  query: BlameQuery,
): AsyncGenerator<Told> {
  yield { type: "begin", oid: query.commit };
  const reader = await CommitReader.open(repository);
  const named = new Set<Oid>();
  for await (const batch of repository.git.history.blame(repository.view, query)) {
    // Rights may be withdrawn while it is told.
    await ctx.requireReading(place);
    for (let at = 0; at < batch.length; at += BATCH_RANGES_MAX) {
      const items = batch.slice(at, at + BATCH_RANGES_MAX).map(blamedRangeOf);
      const fresh = [...new Set(items.map(({ commit }) => commit))].filter((oid) => !named.has(oid));
      for (const oid of fresh) named.add(oid);
      const commits = (await reader.readMany(fresh)).filter((commit) => commit !== undefined).map(commitInfoOf);
      yield { type: "lines", items, commits };
    }
  }
}
