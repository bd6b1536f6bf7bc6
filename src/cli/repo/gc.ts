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
        await whileTicking(name, terminal, async () => {
          for await (const { line } of operations.list<{ line: string }>("collectGarbage", { repository }))
            terminal.progress(line);
        });
        return describeTarget(repository);
      });
      await printData(host.output, options, data, () => [`collected garbage of ${name}`]);
    },
  );
}

const TICK_MS = 1000;

/** `git gc` speaks of its progress to terminals of its own alone, so what is told here is how long it has taken. */
async function whileTicking(name: string, terminal: Terminal, run: () => Promise<void>): Promise<void> {
  const startMs = performance.now();
  const tell = () =>
    terminal.progress(`collecting garbage of ${name}: ${Math.round((performance.now() - startMs) / 1000)} s`);
  const timer = terminal.isTerminal ? setInterval(tell, TICK_MS) : undefined;
  try {
    await run();
  } finally {
    clearInterval(timer);
    terminal.settle();
  }
}
