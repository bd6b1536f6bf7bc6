import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../../commands/command-host.ts";
import { printData } from "../../commands/print.ts";
import { describeTarget, onRepository, oneRepoCommand } from "../../commands/repo/target.ts";
import type { Terminal } from "../terminal.ts";

/** `holdfast repo gc NAME`. */
export function gcCommand(host: CommandHost, terminal: Terminal): Command {
  return oneRepoCommand(host, "gc", "repack a repository and prune what nothing reaches").action(
    async (name: string, options: CommandOptions) => {
      const data = await onRepository(host, name, options, async (operations, repository) => {
        for await (const { line } of operations.list<{ line: string }>("collectGarbage", { repository }))
          terminal.progress(line);
        terminal.settle();
        return describeTarget(repository);
      });
      await printData(host.output, options, data, () => [`collected garbage of ${name}`]);
    },
  );
}
