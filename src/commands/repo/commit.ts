import type { Command } from "commander";
import { EMPTY_TREE } from "../../domain/oid.ts";
import type { CommandHost, CommandOptions, OperationRunner } from "../command-host.ts";
import { CommandFailure } from "../failure.ts";
import { bytesOf, shown, type Text, textOf, typed } from "../text.ts";
import { commitLines, type CommitData, describeCommit } from "./commit-lines.ts";
import { type FileStat, statLines } from "./stat-lines.ts";
import { onRepository, oneRepoCommand, type Target } from "./target.ts";

/** One JSON value is made in memory. */
const JSON_PATCH_BYTES_MAX = 16 * 1024 * 1024;

interface CommitOptions extends CommandOptions {
  /** False for `--no-patch`. */
  readonly patch: boolean;
}

/** `repo commit NAME REVISION`: what git-show(1) prints with `--stat --patch`; merges are compared with their first parent. */
export function commitCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "commit", "show a commit")
    .argument("<revision>", "id of the commit, or a branch or tag")
    .option("--no-patch", "without the patch")
    .action((name: string, revision: string, options: CommitOptions) =>
      onRepository(host, name, options, (operations, repository) =>
        show(host, operations, repository, typed(revision), options),
      ),
    );
}

async function show(
  host: CommandHost,
  operations: OperationRunner,
  repository: Target,
  revision: Text,
  options: CommitOptions,
): Promise<void> {
  const { commit } = await operations.call<{ commit?: CommitData }>("findCommit", { repository, revision });
  if (commit === undefined) throw new CommandFailure(`no commit is named ${shown(revision)}`);
  const sides = { repository, left: commit.parentOids[0] ?? emptyTreeFor(commit.oid), right: commit.oid };
  const files = await Array.fromAsync(operations.list<FileStat>("diffStats", sides));
  const patch = options.patch ? operations.list<Text>("rawDiff", sides) : nothing();
  if (options.json === true) {
    const described = { ...describeCommit(commit), files: files.map(describeFile) };
    const data = options.patch ? { ...described, patch: await inMemory(patch) } : described;
    return host.output.line(JSON.stringify(data, undefined, 2));
  }
  for (const line of [...commitLines(commit), "---", ...statLines(files)]) await host.output.line(line);
  let first = true;
  for await (const piece of patch) {
    if (first) await host.output.line("");
    first = false;
    await host.output.bytes(bytesOf(piece));
  }
}

const emptyTreeFor = (oid: string): string =>
  oid.length === EMPTY_TREE.sha1.length ? EMPTY_TREE.sha1 : EMPTY_TREE.sha256;

async function* nothing(): AsyncGenerator<never> {}

const describeFile = ({ path, oldPath, additions, deletions }: FileStat) => ({
  path,
  ...(oldPath === undefined ? {} : { old_path: oldPath }),
  additions,
  deletions,
});

async function inMemory(pieces: AsyncIterable<Text>): Promise<Text> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const bytes = bytesOf(piece);
    length += bytes.length;
    if (length > JSON_PATCH_BYTES_MAX)
      throw new CommandFailure(`the patch has more than ${JSON_PATCH_BYTES_MAX} bytes; leave it out with --no-patch`);
    parts.push(bytes);
  }
  return textOf(Buffer.concat(parts));
}
