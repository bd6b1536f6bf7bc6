import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { printData } from "../print.ts";
import { describeTarget, newTarget, onRepository, oneRepoCommand } from "./target.ts";

/** `repo rename NAME NEW-NAME`. */
export function renameCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "rename", "rename a repository")
    .argument("<new-name>", "full name that it shall have")
    .action(async (name: string, newName: string, options: CommandOptions) => {
      const newRepository = newTarget(newName, options);
      await onRepository(host, name, options, (operations, repository) =>
        operations.call("renameRepository", { repository, newRepository }),
      );
      await printData(host.output, options, describeTarget(newRepository), () => [`renamed ${name} to ${newName}`]);
    });
}
