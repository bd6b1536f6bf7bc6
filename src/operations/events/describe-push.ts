import type { OpenRepository } from "../../contract/context.ts";
import { ByteStringField, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { ByteString } from "../../domain/bytes.ts";
import type { Commit } from "../../domain/commit.ts";
import { isZeroOid } from "../../domain/oid.ts";
import { REFS_HEADS, type RefName } from "../../domain/reference.ts";
import { readCommit } from "../commits/read-commit.ts";

/** Commits that an event names. */
const COMMITS_MAX = 20;
/** Commits that are counted; a longer history is told as this many, and more. */
const COUNT_MAX = 10_000;
/** Bytes of a commit's message that an event carries. */
const MESSAGE_BYTES_MAX = 4096;
/** Branches that are taken into account to tell which commits of a new branch are new. */
const BRANCHES_MAX = 5000;

const PushedCommit = Type.Object({
  id: OidField("Id of the commit"),
  message: Type.String({ description: "Its message, cut when it is long" }),
  timestamp: Type.Union([Type.String(), Type.Null()], { description: "When it was authored (RFC 3339, UTC)" }),
  author: Type.Object({ name: Type.String(), email: Type.String() }),
});

const Input = Type.Object(
  {
    repository: RepositoryField,
    ref: ByteStringField("Reference that was pushed"),
    oldOid: OidField("What it was; zeros for a new one"),
    newOid: OidField("What it is now"),
    others: Type.Array(ByteStringField("Another reference that the same push has changed")),
  },
  { additionalProperties: false },
);

/** Tells what a push has brought: for a new reference the commits that no other branch has. */
export const describePush = defineOperation({
  name: "describePush",
  summary: "Describe a push",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: Type.Object({
    commits: Type.Array(PushedCommit, { description: "The newest of them, oldest first" }),
    commit_count: Type.Integer({ description: "How many there are; more are not counted where `count_cut`" }),
    count_cut: Type.Boolean(),
    forced: Type.Boolean({ description: "The reference has lost commits" }),
  }),
  errors: ["repository_not_found", "revision_not_found"],
  examples: [
    {
      title: "A new branch",
      input: { ref: "refs/heads/main", oldOid: "0".repeat(40), newOid: "1".repeat(40), others: [] },
    },
  ],
  async run({ ref, oldOid, newOid, others }, { repository }) {
    const { git, view } = repository;
    const isNew = isZeroOid(oldOid);
    const old = isNew ? await otherBranches(repository, new Set([ref, ...others])) : [oldOid];
    const revisions = [newOid, ...old.map((oid) => `^${oid}`)];
    const newest: string[] = [];
    let count = 0;
    for await (const oids of git.history.log(view, { revisions, limit: COUNT_MAX + 1 })) {
      count += oids.length;
      newest.push(...oids.slice(0, COMMITS_MAX - newest.length));
    }
    const commits = await Promise.all(newest.toReversed().map((oid) => readCommit(git, view, oid)));
    return {
      commits: commits.filter((commit) => commit !== undefined).map(pushedCommit),
      commit_count: Math.min(count, COUNT_MAX),
      count_cut: count > COUNT_MAX,
      forced: !isNew && (await hasLost(repository, oldOid, newOid)),
    };
  },
});

/** Tips of the branches that were there before, as far as they can be told from those that are there now. */
async function otherBranches({ git, view }: OpenRepository, pushed: ReadonlySet<RefName>): Promise<ByteString[]> {
  const tips: ByteString[] = [];
  for await (const batch of git.refs.list(view, { prefixes: [REFS_HEADS], peel: false })) {
    for (const { name, oid } of batch) if (!pushed.has(name)) tips.push(oid);
    if (tips.length >= BRANCHES_MAX) break;
  }
  return [...new Set(tips)];
}

/** A tag may point at what has no history: nothing is lost there. */
async function hasLost({ git, view }: OpenRepository, oldOid: string, newOid: string): Promise<boolean> {
  const [before, after] = await Promise.all([oldOid, newOid].map((oid) => git.objects.resolve(view, oid, "commit")));
  if (before === undefined || after === undefined) return false;
  return !(await git.history.isAncestor(view, before, after));
}

function pushedCommit({ oid, message, author }: Commit): Static<typeof PushedCommit> {
  const { name, email, seconds } = author;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    id: oid,
    message: text(message.subarray(0, MESSAGE_BYTES_MAX)),
    timestamp: seconds === undefined ? null : timestampOf(seconds),
    author: { name: text(name), email: text(email) },
  };
}

/** Dates of old histories may lie outside of what a date can be. */
function timestampOf(seconds: bigint): string | null {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
