import { ByteStringField, Maybe, type Static, Type } from "../../contract/fields.ts";
import { PathField, RevField } from "../../contract/management-nouns.ts";
import type { OpenRepository } from "../../contract/context.ts";
import type { LogQuery } from "../../backend/backend.ts";
import { OperationError } from "../../domain/errors.ts";
import { literalPathspec } from "../../domain/literal-pathspec.ts";
import type { Oid } from "../../domain/oid.ts";
import { strictPath } from "../files/strict-path.ts";

/** Which commits a log is of. */
export const LogFields = {
  rev: Maybe(RevField("Revision or range (a..b, a...b); the default branch when absent")),
  path: Maybe(PathField("Only commits that change this file or folder")),
  follow: Maybe(Type.Boolean({ description: "Follow the file at `path` over its renames" })),
  author: Maybe(ByteStringField("Regular expression that the author's line matches")),
  message: Maybe(ByteStringField("Regular expression that the message matches")),
  since: Maybe(Type.String({ description: "Committed at this time or later, ISO 8601" })),
  until: Maybe(Type.String({ description: "Committed at this time or earlier, ISO 8601" })),
  offset: Maybe(Type.Integer({ minimum: 0, maximum: 1_000_000, description: "Commits to leave out at the start" })),
};

const Fields = Type.Object(LogFields);
type LogInput = Static<typeof Fields>;

/** What is asked for besides the revisions. Throws `invalid_input` and `invalid_path`. */
export function filtersOf(input: LogInput): Omit<LogQuery, "revisions"> {
  return {
    // A slash at the end says that it is a folder; of the root it is the whole log.
    ...(input.path !== undefined &&
      input.path !== "" && { paths: [literalPathspec(strictPath(input.path.replace(/\/$/, "")))] }),
    ...(input.follow === true && { follow: true }),
    ...(input.author !== undefined && { author: input.author }),
    ...(input.message !== undefined && { messagePatterns: [input.message] }),
    ...(input.since !== undefined && { afterSeconds: secondsOf(input.since, "since") }),
    ...(input.until !== undefined && { beforeSeconds: secondsOf(input.until, "until") }),
  };
}

/** Throws `invalid_input` for a text that is no time. */
function secondsOf(time: string, field: string): number {
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds))
    throw new OperationError("invalid_input", { field, problem: "is no time in ISO 8601" });
  return Math.floor(milliseconds / 1000);
}

/** What a revision or range means at one moment. */
export interface LogRange {
  /** Ids, so that it stays what it was. */
  readonly revisions: readonly string[];
  /** Where it ends: the commits that everything in it is reached from. */
  readonly tips: readonly Oid[];
}

/** What a revision or range means now. Throws `revision_not_found`. */
export async function rangeOf(rev: string, { git, view }: OpenRepository): Promise<LogRange> {
  const resolve = async (name: string): Promise<Oid> => {
    const oid = await git.objects.resolve(view, name === "" ? "HEAD" : name, "commit");
    if (oid === undefined) throw new OperationError("revision_not_found", { revision: name });
    return oid;
  };
  const range = /^(.*?)(\.{2,3})(.*)$/s.exec(rev);
  if (range === null || (await git.objects.resolve(view, rev, "commit")) !== undefined) {
    const tip = await resolve(rev);
    return { revisions: [tip], tips: [tip] };
  }
  const [, from = "", dots = "", to = ""] = range;
  const [left, right] = await Promise.all([resolve(from), resolve(to)]);
  return { revisions: [`${left}${dots}${right}`], tips: dots === ".." ? [right] : [left, right] };
}
