import type { ByteString } from "../../domain/bytes.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import { literalPathspec } from "../../domain/literal-pathspec.ts";
import type { Oid } from "../../domain/oid.ts";
import type { GrepMatch, GrepQuery, RepositoryView } from "../backend.ts";
import { ByteScanner } from "./byte-scanner.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";

const NUL = Buffer.from("\0");
const NEWLINE = Buffer.from("\n");
/** A longer line is cut: nobody reads it. */
const TEXT_BYTES_MAX = 1024;
const BATCH = 256;

/** Looks for a pattern in the files of a tree, through `git grep` (git-grep(1)); binary files are left out. */
export async function* grep(
  runner: GitRunner,
  view: RepositoryView,
  treeish: Oid,
  { pattern, fixed, ignoreCase, paths = [], matchesPerFileMax }: GrepQuery,
): AsyncGenerator<GrepMatch[]> {
  // A line feed would make several patterns of one.
  if (pattern === "" || /[\0\n]/.test(pattern)) throw invalid("is empty, or has a NUL or a line feed");
  const flags: ByteString[] = [
    fixed === true ? "--fixed-strings" : "--extended-regexp",
    `--max-count=${matchesPerFileMax}`,
    ...(ignoreCase === true ? ["--ignore-case"] : []),
    "-e",
    pattern,
    treeish,
  ];
  const output = runner.stream(view, { command: "grep", flags, paths: paths.map(literalPathspec) });
  const scanner = new ByteScanner(output, runner.limits.objectBytesMax);
  try {
    let batch: GrepMatch[] = [];
    for (;;) {
      const name = await scanner.until(NUL);
      if (name === undefined) break;
      const line = (await scanner.until(NUL))?.toString("latin1");
      const text = await scanner.until(NEWLINE);
      // The tree's id and a colon stand before the path.
      const path = name.toString("latin1", treeish.length + 1);
      batch.push({ path, line: Number(line), text: new Uint8Array((text ?? NUL).subarray(0, TEXT_BYTES_MAX)) });
      if (batch.length === BATCH) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  } catch (error) {
    const problem = /fatal: (?:-e option|command line), '.*': (.*)/s.exec(stderrOf(error) ?? "")?.[1];
    if (problem !== undefined && hasReason(error, "git_failed")) throw invalid(problem.trimEnd());
    throw error;
  } finally {
    await scanner.close();
  }
}

const invalid = (problem: string) => new OperationError("invalid_input", { field: "pattern", problem });
