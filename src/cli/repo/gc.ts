import type { Command } from "commander";
import { withServer } from "../connection.ts";
import { configOf } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import { describeTarget, existingTarget, repoCommand, type RepoOptions } from "./target.ts";

/** `holdfast repo gc NAME`. */
export function gcCommand(terminal: Terminal): Command {
  return repoCommand("gc", "repack a repository and prune what nothing reaches")
    .argument("<name>", "full name")
    .action(async (name: string, options: RepoOptions) => {
      const repository = await withServer(configOf(options, terminal), async (server) => {
        const target = await existingTarget(server, name, options.storage);
        const lines = server.list<{ line: string }>("collectGarbage", { repository: target });
        for await (const { line } of lines) terminal.progress(line);
        terminal.settle();
        return target;
      });
      printData(terminal, options.json === true, describeTarget(repository), () => [`collected garbage of ${name}`]);
    });
}
