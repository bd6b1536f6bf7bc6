import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../../commands/command-host.ts";
import { CommandFailure } from "../../commands/failure.ts";
import { printData } from "../../commands/print.ts";
import { describeTarget, onRepository, oneRepoCommand } from "../../commands/repo/target.ts";
import type { Terminal } from "../terminal.ts";

/** `holdfast repo fsck NAME`: fails when something is wrong with the repository. */
export function fsckCommand(host: CommandHost, terminal: Terminal): Command {
  return oneRepoCommand(host, "fsck", "check every object of a repository").action(
    async (name: string, options: CommandOptions) => {
      const data = await onRepository(host, name, options, async (operations, repository) => {
        const problems: string[] = [];
        const input = { repository, progress: terminal.isTerminal };
        for await (const { line } of operations.list<{ line: string }>("checkRepository", input)) {
          if (isProgress(line)) terminal.progress(line);
          else if (isProblem(line)) problems.push(line);
        }
        terminal.settle();
        return { ...describeTarget(repository), problems };
      });
      const { problems } = data;
      await printData(host.output, options, data, () => (problems.length === 0 ? [`${name} is sound`] : problems));
      if (problems.length > 0) throw new CommandFailure(`${name} has ${problems.length} problems`);
    },
  );
}

const isProgress = (line: string): boolean => /^(Checking|Verifying)\b/.test(line);

/** Objects that nothing reaches are no problem: every deleted branch leaves some. */
const isProblem = (line: string): boolean => line !== "" && !/^(dangling|unreachable|notice)\b/.test(line);
