import { LimitField, Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { Context, OpenRepository } from "../../contract/context.ts";
import type { LogQuery } from "../../backend/backend.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import type { Commit } from "../../domain/commit.ts";
import { hasReason } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { filtersOf, LogFields, type LogRange, rangeOf } from "./log-query.ts";
import { RepositoryChanges } from "./repository-changes.ts";

/** The first is told alone, so that somebody who looks sees it at once; then more at a time. */
const BATCHES = [1, 15, 64];
const BATCH_COMMITS_MAX = 128;
/** Messages may be long: a batch ends behind the commit that makes it so large. */
const BATCH_BYTES_MAX = 64 * 1024;

const Output = Type.Object(
  {
    type: Type.Union([Type.Literal("begin"), Type.Literal("commits"), Type.Literal("done"), Type.Literal("moved")], {
      description:
        "begin: the revision has been found; commits: some of its history; done: that was all for now; moved: the revision leads elsewhere",
    }),
    oid: Maybe(OidField("begin: the commit that the revision leads to")),
    items: Maybe(Type.Array(CommitInfoField, { description: "commits: newest first" })),
    from: Maybe(Type.Union([OidField("Commit"), Type.Null()], { description: "moved: where it led; null: nowhere" })),
    to: Maybe(Type.Union([OidField("Commit"), Type.Null()], { description: "moved: where it leads; null: nowhere" })),
  },
  { additionalProperties: false },
);

type Told = Static<typeof Output>;

/** Tells the commits of a log as they are found, newest first, and then those that come, for as long as the caller may read the repository. */
export const watchLog = defineOperation({
  name: "watchLog",
  summary: "Watch the log",
  kind: "read",
  shape: "watch",
  access: "read",
  // It is opened for a while only: who watches must not keep it from being removed.
  target: "path",
  worksFirst: true,
  input: Type.Object(
    { repository: RepositoryField, ...LogFields, limit: Maybe(LimitField) },
    { additionalProperties: false },
  ),
  output: Output,
  errors: ["repository_not_found", "revision_not_found", "invalid_path"],
  examples: [{ title: "The ten newest commits, and those to come", input: { rev: "main", limit: 10 } }],
  async *run({ repository: place, rev = "HEAD", offset = 0, limit, ...input }, ctx): AsyncGenerator<Told> {
    const filters = { ...filtersOf(input), followed: true };
    const changes = await RepositoryChanges.begin(ctx, place);
    try {
      const page = { ...filters, skip: offset, ...(limit !== undefined && { limit }) };
      let told: LogRange | undefined = yield* beginning(ctx, place, rev, page);
      // Told only when the repository has been given back: nobody waits for a reader that has all there is.
      yield { type: "done" };
      ctx.idle();
      while (await changes.next()) {
        const now: LogRange | undefined = yield* whatMoved(ctx, place, rev, { filters, page }, told);
        if (now !== told && now !== undefined) yield { type: "done" };
        told = now;
      }
    } finally {
      changes.stop();
    }
  },
});

type Filters = Omit<LogQuery, "revisions">;

/** Tells what the log has now. Throws `revision_not_found`. */
async function* beginning(
  ctx: Context,
  place: RepositoryRef,
  rev: string,
  page: Filters,
): AsyncGenerator<Told, LogRange> {
  const { repository, release } = await ctx.borrow(place);
  try {
    const range = await rangeOf(rev, repository);
    yield { type: "begin", oid: range.tips.at(-1)! };
    yield* commitsOf(ctx, place, repository, { ...page, revisions: range.revisions });
    return range;
  } finally {
    await release();
  }
}

/** Tells what has come since; returns what has been told by then. */
async function* whatMoved(
  ctx: Context,
  place: RepositoryRef,
  rev: string,
  { filters, page }: { readonly filters: Filters; readonly page: Filters },
  told: LogRange | undefined,
): AsyncGenerator<Told, LogRange | undefined> {
  const { repository, release } = await ctx.borrow(place);
  try {
    const now = await rangeOf(rev, repository).catch(unlessNotFound);
    if (now?.tips.join() === told?.tips.join()) return told;
    yield { type: "moved", from: told?.tips.at(-1) ?? null, to: now?.tips.at(-1) ?? null };
    if (now === undefined) return undefined;
    const known = await stillThere(repository, told?.tips ?? []);
    const revisions = [...now.revisions, ...known.map((tip) => `^${tip}`)];
    // Where nothing was told that is there still, it begins anew.
    yield* commitsOf(ctx, place, repository, { ...(known.length === 0 ? page : filters), revisions });
    return now;
  } finally {
    await release();
  }
}

/** What is garbage by now cannot be left out of a walk. */
async function stillThere({ git, view }: OpenRepository, tips: readonly Oid[]): Promise<Oid[]> {
  const found = await Promise.all(tips.map((tip) => git.objects.resolve(view, tip, "commit")));
  return found.filter((oid) => oid !== undefined);
}

/** Nothing for a revision that has gone: it may come again. */
export function unlessNotFound(error: unknown): undefined {
  if (!hasReason(error, "revision_not_found")) throw error;
}

async function* commitsOf(
  ctx: Context,
  place: RepositoryRef,
  repository: OpenRepository,
  query: LogQuery,
): AsyncGenerator<Told> {
  const reader = await CommitReader.open(repository);
  let batches = 0;
  for await (const oids of repository.git.history.log(repository.view, query)) {
    for (let at = 0; at < oids.length;) {
      const size = BATCHES[batches++] ?? BATCH_COMMITS_MAX;
      const commits = await reader.readMany(oids.slice(at, at + size));
      at += size;
      // Rights may be withdrawn while the history is told.
      await ctx.requireReading(place);
      for (const items of inBytes(commits.filter((commit) => commit !== undefined)))
        yield { type: "commits", items: items.map(commitInfoOf) };
    }
  }
}

function* inBytes(commits: readonly Commit[]): Generator<Commit[]> {
  let batch: Commit[] = [];
  let bytes = 0;
  for (const commit of commits) {
    batch.push(commit);
    bytes += commit.message.length;
    if (bytes < BATCH_BYTES_MAX) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
