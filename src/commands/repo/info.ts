import type { Command } from "commander";
import type { CommandHost, CommandOptions, OperationRunner } from "../command-host.ts";
import type { CloneDoors } from "../../domain/clone-addresses.ts";
import { factLines, printData } from "../print.ts";
import { shown, shownLine, type Text } from "../text.ts";
import { describeTarget, onRepository, oneRepoCommand, type Target } from "./target.ts";

interface Shown {
  readonly objectFormat: string;
  /** For administrators. */
  readonly path?: Text;
  readonly owner?: string;
  readonly private: boolean;
  readonly description: string;
  /** What the caller may do with it. */
  readonly access: string;
  readonly cloneUrls: CloneDoors;
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
      const data = await onRepository(host, name, options, read);
      const { clone_urls, ...facts } = data;
      await printData(host.output, options, data, () =>
        factLines({
          ...facts,
          ...clone_urls,
          description: shownLine(data.description),
          head: shownOrNone(data.head),
          path: shownOrNone(data.path),
        }),
      );
    });
}

const shownOrNone = (text: Text | null): string | null => (text === null ? null : shown(text));

async function read(operations: OperationRunner, repository: Target) {
  const told = await operations.call<Shown>("showRepository", { repository });
  const { branches, tags, references } = told;
  return {
    ...describeTarget(repository),
    owner: told.owner ?? null,
    private: told.private,
    description: told.description,
    access: told.access,
    clone_urls: told.cloneUrls,
    object_format: told.objectFormat,
    head: told.head ?? null,
    head_oid: told.headOid ?? null,
    branches,
    tags,
    references,
    path: told.path ?? null,
  };
}
