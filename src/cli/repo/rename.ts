import type { Command } from "commander";
import { withServer } from "../connection.ts";
import { configOf } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import { describeTarget, existingTarget, newTarget, repoCommand, type RepoOptions } from "./target.ts";

/** `holdfast repo rename NAME NEW-NAME`. */
export function renameCommand(terminal: Terminal): Command {
  return repoCommand("rename", "rename a repository")
    .argument("<name>", "full name")
    .argument("<new-name>", "full name that it shall have")
    .action(async (name: string, newName: string, options: RepoOptions) => {
      const newRepository = newTarget(newName, options.storage);
      await withServer(configOf(options, terminal), async (server) => {
        const repository = await existingTarget(server, name, options.storage);
        await server.call("renameRepository", { repository, newRepository });
      });
      printData(terminal, options.json === true, describeTarget(newRepository), () => [
        `renamed ${name} to ${newName}`,
      ]);
    });
}
