import { ByteStringField, Maybe, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf, PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeCursor, encodeCursor, pageFields, PageOf } from "../../contract/page.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { strictPath } from "../files/strict-path.ts";

const LIMIT_MAX = 1000;
const LIMIT_DEFAULT = 50;

const Input = Type.Object(
  {
    repository: RepositoryField,
    rev: Maybe(RevField("Revision or range (a..b, a...b); the default branch when absent")),
    path: Maybe(PathField("Only commits that change this file or folder")),
    follow: Maybe(Type.Boolean({ description: "Follow the file at `path` over its renames" })),
    author: Maybe(ByteStringField("Regular expression that the author's line matches")),
    message: Maybe(ByteStringField("Regular expression that the message matches")),
    since: Maybe(Type.String({ description: "Committed at this time or later, ISO 8601" })),
    until: Maybe(Type.String({ description: "Committed at this time or earlier, ISO 8601" })),
    offset: Maybe(Type.Integer({ minimum: 0, maximum: 1_000_000, description: "Commits to leave out at the start" })),
    ...pageFields(LIMIT_MAX),
  },
  { additionalProperties: false },
);

/** Lists commits, newest first; the pages of one log are of one state of the repository. */
export const showLog = defineOperation({
  name: "showLog",
  summary: "Show the log",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: PageOf(CommitInfoField, "Commits, newest first"),
  errors: ["revision_not_found", "invalid_path", "page_token_not_found"],
  examples: [{ title: "The ten newest commits", input: { rev: "main", limit: 10 } }],
  tool: { isDefault: true, advice: "Newest first; of one file with path. since and until take times." },
  route: { method: "GET", path: "/repos/:repo/log" },
  async run(input, { repository }) {
    const { git, view } = repository;
    const limit = input.limit ?? LIMIT_DEFAULT;
    const state = input.cursor === undefined ? await beginning(input, repository) : stateOf(input.cursor);
    const walk = git.history.log(view, {
      revisions: state.revisions,
      skip: state.skip,
      limit: limit + 1,
      // A slash at the end says that it is a folder; of the root it is the whole log.
      ...(input.path !== undefined && input.path !== "" && { paths: [strictPath(input.path.replace(/\/$/, ""))] }),
      ...(input.follow === true && { follow: true }),
      ...(input.author !== undefined && { author: input.author }),
      ...(input.message !== undefined && { messagePatterns: [input.message] }),
      ...(input.since !== undefined && { afterSeconds: secondsOf(input.since, "since") }),
      ...(input.until !== undefined && { beforeSeconds: secondsOf(input.until, "until") }),
    });
    const oids: Oid[] = [];
    for await (const batch of walk) oids.push(...batch);
    const reader = await CommitReader.open(repository);
    const commits = await reader.readMany(oids.slice(0, limit));
    const items = commits.filter((commit) => commit !== undefined).map(commitInfoOf);
    const more = oids.length > limit;
    return { items, nextCursor: more ? cursorOf({ ...state, skip: state.skip + limit }) : null };
  },
});

/** Throws `invalid_input` for a text that is no time. */
function secondsOf(time: string, field: string): number {
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds))
    throw new OperationError("invalid_input", { field, problem: "is no time in ISO 8601" });
  return Math.floor(milliseconds / 1000);
}

interface State {
  /** Ids, so that the next page is of the same history. */
  readonly revisions: readonly string[];
  readonly skip: number;
}

/** What the revision means now. Throws `revision_not_found`. */
async function beginning(
  { rev = "HEAD", offset = 0 }: Static<typeof Input>,
  repository: OpenRepository,
): Promise<State> {
  const { git, view } = repository;
  const resolve = async (name: string): Promise<Oid> => {
    const oid = await git.objects.resolve(view, name === "" ? "HEAD" : name, "commit");
    if (oid === undefined) throw new OperationError("revision_not_found", { revision: name });
    return oid;
  };
  const range = /^(.*?)(\.{2,3})(.*)$/s.exec(rev);
  if (range === null || (await git.objects.resolve(view, rev, "commit")) !== undefined)
    return { revisions: [await resolve(rev)], skip: offset };
  const [, from = "", dots = "", to = ""] = range;
  const [left, right] = await Promise.all([resolve(from), resolve(to)]);
  return { revisions: [`${left}${dots}${right}`], skip: offset };
}

const cursorOf = ({ revisions, skip }: State): string => encodeCursor({ revisions: revisions.join(" "), skip });

function stateOf(cursor: string): State {
  const { revisions, skip } = decodeCursor(cursor, ["revisions", "skip"]);
  if (!/^[0-9a-f. ]{40,400}$/.test(revisions) || !/^\d{1,9}$/.test(skip))
    throw new OperationError("page_token_not_found", { token: cursor });
  return { revisions: revisions.split(" "), skip: Number(skip) };
}
