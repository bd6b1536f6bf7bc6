import type { Command } from "commander";
import type { CommandHost, CommandOptions, OperationRunner } from "../command-host.ts";
import { factLines, printData } from "../print.ts";
import { shown, shownLine, type Text } from "../text.ts";
import { describeTarget, onRepository, oneRepoCommand, type Target } from "./target.ts";

interface Shown {
  readonly objectFormat: string;
  readonly path: Text;
  readonly head?: Text;
  readonly headOid?: string;
  readonly branches: number;
  readonly tags: number;
  readonly references: number;
}

/** `repo info NAME`. */
export function infoCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "info", "show a repository")
    .alias("show")
    .action(async (name: string, options: CommandOptions) => {
      const data = await onRepository(host, name, options, (operations, repository) =>
        read(host, operations, repository),
      );
      await printData(host.output, options, data, () =>
        factLines({
          ...data,
          description: shownLine(data.description),
          head: data.head === null ? null : shown(data.head),
          ...(data.path === undefined ? {} : { path: shown(data.path) }),
        } as Parameters<typeof factLines>[0]),
      );
    });
}

async function read(host: CommandHost, operations: OperationRunner, repository: Target) {
  const told = await operations.call<Shown>("showRepository", { repository });
  const { branches, tags, references } = told;
  return {
    ...describeTarget(repository),
    description: "",
    object_format: told.objectFormat,
    head: told.head ?? null,
    head_oid: told.headOid ?? null,
    branches,
    tags,
    references,
    // Where it lies is nothing to people elsewhere.
    ...(host.place === "server" ? { path: told.path } : {}),
  };
}
