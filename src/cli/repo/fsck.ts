import type { Command } from "commander";
import { withServer } from "../connection.ts";
import { CommandFailure } from "../failure.ts";
import { configOf } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import { describeTarget, existingTarget, repoCommand, type RepoOptions } from "./target.ts";

/** `holdfast repo fsck NAME`: fails when something is wrong with the repository. */
export function fsckCommand(terminal: Terminal): Command {
  return repoCommand("fsck", "check every object of a repository")
    .argument("<name>", "full name")
    .action(async (name: string, options: RepoOptions) => {
      const data = await withServer(configOf(options, terminal), async (server) => {
        const repository = await existingTarget(server, name, options.storage);
        const lines = await Array.fromAsync(server.list<{ line: string }>("checkRepository", { repository }));
        const problems = lines.map(({ line }) => line).filter(isProblem);
        return { ...describeTarget(repository), problems };
      });
      printData(terminal, options.json === true, data, () => data.problems);
      if (data.problems.length > 0) throw new CommandFailure(`${name} has ${data.problems.length} problems`);
      if (options.json !== true) terminal.print(`${name} is sound`);
    });
}

/** Objects that nothing reaches are no problem: every deleted branch leaves some. */
const isProblem = (line: string): boolean =>
  line !== "" && !/^(dangling|unreachable|notice|Checking|Verifying)\b/.test(line);
