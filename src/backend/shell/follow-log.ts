import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import type { LogQuery, RepositoryView } from "../backend.ts";
import { invalidPattern } from "./history-errors.ts";
import { lineRecords } from "./null-records.ts";
import { revisionArguments, unknownRevision } from "./revision-arguments.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";

/** The history of one file over its renames, through `git log --follow`: `rev-list` knows no renames. */
export async function* followLog(
  runner: GitRunner,
  view: RepositoryView,
  { revisions, paths = [] }: LogQuery,
  flags: readonly ByteString[],
): AsyncGenerator<Oid[]> {
  if (paths.length !== 1)
    throw new OperationError("invalid_input", { field: "path", problem: "follow needs one path" });
  const { flags: named, stdin } = revisionArguments(revisions);
  const input = stdin === undefined ? {} : { stdin };
  const run = { command: "followLog", flags: [...flags, ...named], paths, ...input } as const;
  try {
    yield* lineRecords(runner.stream(view, run));
  } catch (error) {
    throw unknownRevision(stderrOf(error), error) ?? invalidPattern(error) ?? error;
  }
}
