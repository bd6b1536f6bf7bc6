import type { Command } from "commander";
import type { CommandHost, CommandOptions, OperationRunner } from "../command-host.ts";
import { CommandFailure } from "../failure.ts";
import { bytesOf, shown, type Text, textOf } from "../text.ts";
import { onRepository, oneRepoCommand, type Target } from "./target.ts";
import { describeEntry, type Entry, placeOf } from "./tree.ts";

/** One JSON value is made in memory; what is larger is printed as bytes only. */
const JSON_BLOB_BYTES_MAX = 16 * 1024 * 1024;

interface Piece {
  readonly entry?: Entry;
  readonly size?: number;
  readonly data: Text;
}

/** `repo blob NAME [REVISION] PATH`: the bytes of a file, as they are. */
export function blobCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "blob", "print a file")
    .usage("[options] <repo> [revision] <path>")
    .argument("<revision>", "branch, tag or commit; HEAD when left out")
    .argument("[path]", "path of the file")
    .action((name: string, first: string, second: string | undefined, options: CommandOptions) => {
      const [revision, path] = placeOf(first, second);
      return onRepository(host, name, options, async (operations, repository) => {
        const pieces = readFile(operations, repository, revision, path, options.json);
        if (options.json === true) return host.output.line(await asJson(pieces, revision));
        for await (const { data } of pieces) await host.output.bytes(bytesOf(data));
      });
    });
}

async function* readFile(
  operations: OperationRunner,
  repository: Target,
  revision: Text,
  path: Text,
  json: true | undefined,
): AsyncGenerator<Piece> {
  const limit = json === true ? { sizeMax: JSON_BLOB_BYTES_MAX } : {};
  for await (const piece of operations.list<Piece>("getTreeEntry", { repository, revision, path, ...limit })) {
    const { entry } = piece;
    if (entry !== undefined && entry.type !== "blob")
      throw new CommandFailure(`${shown(path)} is ${entry.type === "tree" ? "a folder" : "a submodule"}, and no file`);
    yield piece;
  }
}

/** `content` is text where the file is UTF-8, else `{"base64"}`. */
async function asJson(pieces: AsyncIterable<Piece>, revision: Text): Promise<string> {
  const all: Piece[] = [];
  for await (const piece of pieces) all.push(piece);
  const content = Buffer.concat(all.map(({ data }) => bytesOf(data)));
  const { entry } = all[0] ?? {};
  const data = {
    ...(entry === undefined ? {} : describeEntry(entry)),
    revision,
    size: content.length,
    content: textOf(content),
  };
  return JSON.stringify(data, undefined, 2);
}
