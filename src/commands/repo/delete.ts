import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { CommandFailure } from "../failure.ts";
import { printData } from "../print.ts";
import { describeTarget, onRepository, oneRepoCommand } from "./target.ts";

interface DeleteOptions extends CommandOptions {
  readonly yes?: true;
}

/** `repo delete NAME`. On a terminal of the server it asks for the name once more; scripts and callers over SSH are not asked. */
export function deleteCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "delete", "delete a repository and all that is in it")
    .option("--yes", "do not ask")
    .action(async (name: string, options: DeleteOptions) => {
      if (options.yes !== true && !host.confirm(`Type ${name} to delete it:`, name))
        throw new CommandFailure("nothing was deleted");
      const repository = await onRepository(host, name, options, async (operations, target) => {
        await operations.call("removeRepository", { repository: target });
        return target;
      });
      await printData(host.output, options, describeTarget(repository), () => [`deleted ${name}`]);
    });
}
