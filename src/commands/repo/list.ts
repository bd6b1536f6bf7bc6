import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { printList } from "../print.ts";
import { shown } from "../text.ts";
import { describeTarget, repoCommand, type Target } from "./target.ts";

/** `repo list`: those that the caller may read. */
export function listCommand(host: CommandHost): Command {
  return repoCommand(host, "list", "list repositories").action((options: CommandOptions) =>
    host.use(options, (operations) =>
      printList(host.output, options, operations.list<Target>("listRepositories", { storage: options.storage }), {
        data: describeTarget,
        line: (target) => shown(describeTarget(target).name),
      }),
    ),
  );
}
