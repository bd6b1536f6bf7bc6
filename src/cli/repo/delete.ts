import type { Command } from "commander";
import { withServer } from "../connection.ts";
import { CommandFailure } from "../failure.ts";
import { configOf } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import { describeTarget, existingTarget, repoCommand, type RepoOptions } from "./target.ts";

interface DeleteOptions extends RepoOptions {
  readonly yes?: true;
}

/** `holdfast repo delete NAME`. On a terminal it asks for the name once more; scripts are not asked. */
export function deleteCommand(terminal: Terminal): Command {
  return repoCommand("delete", "delete a repository and all that is in it")
    .argument("<name>", "full name")
    .option("--yes", "do not ask")
    .action(async (name: string, options: DeleteOptions) => {
      if (options.yes !== true && process.stdin.isTTY && prompt(`Type ${name} to delete it:`) !== name) {
        throw new CommandFailure("nothing was deleted");
      }
      const repository = await withServer(configOf(options, terminal), async (server) => {
        const target = await existingTarget(server, name, options.storage);
        await server.call("removeRepository", { repository: target });
        return target;
      });
      printData(terminal, options.json === true, describeTarget(repository), () => [`deleted ${name}`]);
    });
}
