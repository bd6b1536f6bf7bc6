import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { onOff } from "../on-off.ts";
import { printData } from "../print.ts";
import { shownLine } from "../text.ts";
import { onRepository, oneRepoCommand } from "./target.ts";

interface Described {
  readonly private: boolean;
  readonly description: string;
}

/** `repo private NAME [true|false]`. */
export function privateCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "private", "show whether a repository is private, or make it so")
    .argument("[true|false]", "what it shall be", onOff)
    .action(async (name: string, given: boolean | undefined, options: CommandOptions) => {
      const data = await onRepository(host, name, options, async (operations, repository) => {
        const told =
          given === undefined
            ? await operations.call<Described>("showRepository", { repository })
            : await operations.call<Described>("setVisibility", { repository, private: given });
        return { private: told.private };
      });
      await printData(host.output, options, data, () => [String(data.private)]);
    });
}

/** `repo description NAME [TEXT]`. */
export function descriptionCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "description", "show what a repository is, or say it; '' takes it away")
    .argument("[text...]", "one line")
    .action(async (name: string, words: readonly string[], options: CommandOptions) => {
      const data = await onRepository(host, name, options, async (operations, repository) => {
        const told =
          words.length === 0
            ? await operations.call<Described>("showRepository", { repository })
            : await operations.call<Described>("setDescription", { repository, description: words.join(" ") });
        return { description: told.description };
      });
      await printData(host.output, options, data, () => [shownLine(data.description)]);
    });
}
