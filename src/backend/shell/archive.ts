import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import type { ArchiveRequest, RepositoryView } from "../backend.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";
import { literalPathspec } from "../../domain/literal-pathspec.ts";

/** Makes an archive through `git archive` (git-archive(1)). Throws `path_not_found`. */
export async function* archive(
  runner: GitRunner,
  view: RepositoryView,
  treeish: Oid,
  { format, prefix, paths = [] }: ArchiveRequest,
): AsyncGenerator<Uint8Array> {
  const flags = [`--format=${format}`, `--prefix=${prefix}`];
  const run = {
    command: "archive",
    flags,
    operands: [treeish],
    ...(paths.length > 0 && { paths: paths.map(literalPathspec) }),
  } as const;
  try {
    yield* runner.stream(view, run);
  } catch (error) {
    if (paths.length > 0 && /^fatal: pathspec [^]* did not match any files$/m.test(stderrOf(error) ?? ""))
      throw new OperationError("path_not_found", { path: paths[0]! }, { cause: error });
    throw error;
  }
}
