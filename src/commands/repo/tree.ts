import type { Command } from "commander";
import type { CommandHost, CommandOptions, OperationRunner } from "../command-host.ts";
import { printList } from "../print.ts";
import { shown, type Text, typed } from "../text.ts";
import { onRepository, oneRepoCommand, type Target } from "./target.ts";

interface TreeOptions extends CommandOptions {
  readonly recursive?: true;
}

/** An entry of a tree, as operations tell it. */
export interface Entry {
  readonly path: Text;
  readonly mode: number;
  readonly type: "blob" | "tree" | "commit";
  readonly oid: string;
}

/** `repo tree NAME [REVISION] [PATH]`: lines as git-ls-tree(1) prints them. */
export function treeCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "tree", "list a folder")
    .usage("[options] <repo> [[revision] path]")
    .argument("[revision]", "branch, tag or commit; HEAD when left out")
    .argument("[path]", "folder; the root when left out")
    .option("-r, --recursive", "list what is in the folders below as well")
    .action((name: string, first: string | undefined, second: string | undefined, options: TreeOptions) => {
      const [revision, path] = placeOf(first ?? "", second);
      const input = { revision, path, ...(options.recursive === undefined ? {} : { recursive: true }) };
      return onRepository(host, name, options, (operations, repository) =>
        printList(host.output, options, entriesOf(operations, repository, input), {
          data: describeEntry,
          line: (entry) => `${modeOf(entry)} ${entry.type} ${entry.oid}\t${shown(entry.path)}`,
        }),
      );
    });
}

/** The one argument of two that is there is the path. */
export function placeOf(first: string, second: string | undefined): [revision: Text, path: Text] {
  const [revision, path] = second === undefined ? ["HEAD", first] : [typed(first), second];
  return [revision, withoutSlashes(typed(path))];
}

/** A path from the root, however it was written. */
function withoutSlashes(path: Text): Text {
  if (typeof path !== "string") return path;
  return path
    .replace(/^(\.?\/)+/, "")
    .replace(/\/+$/, "")
    .replace(/^\.$/, "");
}

/** Modes as git writes them: six octal digits. */
export const modeOf = ({ mode }: Entry): string => mode.toString(8).padStart(6, "0");

export const describeEntry = (entry: Entry) => ({
  path: entry.path,
  mode: modeOf(entry),
  type: entry.type,
  oid: entry.oid,
});

async function* entriesOf(operations: OperationRunner, repository: Target, input: object): AsyncGenerator<Entry> {
  const pages = operations.list<{ entries: Entry[] }>("listTree", { repository, ...input });
  for await (const { entries } of pages) yield* entries;
}
