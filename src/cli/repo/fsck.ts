import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../../commands/command-host.ts";
import { CommandFailure } from "../../commands/failure.ts";
import { printData } from "../../commands/print.ts";
import { describeTarget, onRepository, oneRepoCommand } from "../../commands/repo/target.ts";

/** `holdfast repo fsck NAME`: fails when something is wrong with the repository. */
export function fsckCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "fsck", "check every object of a repository").action(
    async (name: string, options: CommandOptions) => {
      const data = await onRepository(host, name, options, async (operations, repository) => {
        const lines = await Array.fromAsync(operations.list<{ line: string }>("checkRepository", { repository }));
        const problems = lines.map(({ line }) => line).filter(isProblem);
        return { ...describeTarget(repository), problems };
      });
      const { problems } = data;
      await printData(host.output, options, data, () => (problems.length === 0 ? [`${name} is sound`] : problems));
      if (problems.length > 0) throw new CommandFailure(`${name} has ${problems.length} problems`);
    },
  );
}

/** Objects that nothing reaches are no problem: every deleted branch leaves some. */
const isProblem = (line: string): boolean =>
  line !== "" && !/^(dangling|unreachable|notice|Checking|Verifying)\b/.test(line);
