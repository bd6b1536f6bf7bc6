import { RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeCursor, encodeCursor, pageFields, PageOf } from "../../contract/page.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { filtersOf, LogFields, rangeOf } from "./log-query.ts";

const LIMIT_MAX = 1000;
const LIMIT_DEFAULT = 50;

const Input = Type.Object(
  {
    repository: RepositoryField,
    ...LogFields,
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
    const { revisions, skip } = state;
    const walk = git.history.log(view, { ...filtersOf(input), revisions, skip, limit: limit + 1 });
    const oids: Oid[] = [];
    for await (const batch of walk) oids.push(...batch);
    const reader = await CommitReader.open(repository);
    const commits = await reader.readMany(oids.slice(0, limit));
    const items = commits.filter((commit) => commit !== undefined).map(commitInfoOf);
    const more = oids.length > limit;
    return { items, nextCursor: more ? cursorOf({ ...state, skip: state.skip + limit }) : null };
  },
});

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
  const { revisions } = await rangeOf(rev, repository);
  return { revisions, skip: offset };
}

const cursorOf = ({ revisions, skip }: State): string => encodeCursor({ revisions: revisions.join(" "), skip });

function stateOf(cursor: string): State {
  const { revisions, skip } = decodeCursor(cursor, ["revisions", "skip"]);
  if (!/^[0-9a-f. ]{40,400}$/.test(revisions) || !/^\d{1,9}$/.test(skip))
    throw new OperationError("page_token_not_found", { token: cursor });
  return { revisions: revisions.split(" "), skip: Number(skip) };
}
