import { ByteStringField, LimitField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { CommitField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { Oid } from "../../domain/oid.ts";
import { CommitReader } from "./commit-reader.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    revisions: Type.Array(
      ByteStringField("Revision, ^revision, range, or --not, --all, --branches, --tags, --glob=…"),
      {
        minItems: 1,
      },
    ),
    order: Maybe(Type.Union([Type.Literal("default"), Type.Literal("topo"), Type.Literal("date")])),
    firstParent: Maybe(Type.Boolean()),
    maxParents: Maybe(Type.Integer({ minimum: 0, description: "Leaves out commits with more parents" })),
    noWalk: Maybe(Type.Boolean({ description: "Only the named commits, not their history" })),
    afterSeconds: Maybe(Type.Integer({ description: "Committed at this second or later" })),
    beforeSeconds: Maybe(Type.Integer({ description: "Committed at this second or earlier" })),
    author: Maybe(ByteStringField("Pattern that the author line matches")),
    messagePatterns: Maybe(Type.Array(ByteStringField("Pattern; a message that matches one of them is enough"))),
    ignoreCase: Maybe(Type.Boolean()),
    paths: Maybe(Type.Array(ByteStringField("Path that the commit changes"))),
    reverse: Maybe(Type.Boolean({ description: "Oldest first" })),
    skip: Maybe(Type.Integer({ minimum: 0, description: "Commits to leave out at the start" })),
    after: Maybe(OidField("Commit after which the page begins; a page behind an unknown one is empty")),
    limit: Maybe(LimitField),
  },
  { additionalProperties: false },
);

/** Commits that are read and sent together. */
const BATCH_COMMITS = 128;

/** Walks the history from a set of revisions. */
export const listCommits = defineOperation({
  name: "listCommits",
  summary: "List commits",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: CommitField,
  errors: ["revision_not_found"],
  examples: [{ title: "The ten newest of main", input: { revisions: ["main"], limit: 10 } }],
  async *run({ repository: _, after, limit, ...query }, { repository }) {
    const { git, view } = repository;
    // Git cuts before it turns the order round, and knows no page: only a plain limit can be left to the walk.
    const walkLimit = query.reverse === true || after !== undefined ? undefined : limit;
    const walk = git.history.log(view, { ...query, ...(walkLimit === undefined ? {} : { limit: walkLimit }) });
    const reader = await CommitReader.open(repository);
    for await (const oids of page(walk, after, limit)) {
      for (let at = 0; at < oids.length; at += BATCH_COMMITS) {
        const commits = await reader.readMany(
          at === 0 && oids.length <= BATCH_COMMITS ? oids : oids.slice(at, at + BATCH_COMMITS),
        );
        yield commits.filter((commit) => commit !== undefined);
      }
    }
  },
});

/** Leaves out what comes before the page, and stops at its end. */
async function* page(
  walk: AsyncIterable<Oid[]>,
  after: Oid | undefined,
  limit: number | undefined,
): AsyncGenerator<Oid[]> {
  let begun = after === undefined;
  let left = limit ?? Infinity;
  if (left === 0) return;
  for await (const batch of walk) {
    let oids = batch;
    if (!begun) {
      const at = batch.indexOf(after!);
      if (at < 0) continue;
      begun = true;
      oids = batch.slice(at + 1);
    }
    if (oids.length > left) oids = oids.slice(0, left);
    left -= oids.length;
    if (oids.length > 0) yield oids;
    if (left === 0) return;
  }
}
