import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { UsageFailure } from "../failure.ts";
import { printData } from "../print.ts";
import { shownLine } from "../text.ts";
import { onRepository, oneRepoCommand } from "./target.ts";

interface Variable {
  readonly key: string;
  readonly value?: string;
  readonly type: string;
  readonly description: string;
}

interface ConfigOptions extends CommandOptions {
  readonly unset?: true;
}

/** `repo config NAME [KEY [VALUE]] [--unset]`. */
export function configCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "config", "show a repository's configuration, or change what may be changed of it")
    .argument("[key]", "variable such as receive.denyDeletes; all of them when absent")
    .argument("[value]", "what it shall be")
    .option("--unset", "take the variable out, so that git's default holds")
    .action(async (name: string, key: string | undefined, value: string | undefined, options: ConfigOptions) => {
      if (options.unset === true && (key === undefined || value !== undefined))
        throw new UsageFailure("--unset takes the name of a variable and no value");
      const found = await onRepository(host, name, options, async (operations, repository): Promise<Variable[]> => {
        if (key === undefined) return Array.fromAsync(operations.list<Variable>("listConfig", { repository }));
        if (options.unset === true) await operations.call("unsetConfig", { repository, key });
        return [
          value === undefined
            ? await operations.call<Variable>("showConfig", { repository, key })
            : await operations.call<Variable>("setConfig", { repository, key, value }),
        ];
      });
      const data = found.map((variable) => ({ ...variable, value: variable.value ?? null }));
      await printData(host.output, options, key === undefined ? data : data[0], () => found.flatMap(linesOf));
    });
}

/** As `git config --list` prints it; nothing for what is not set. */
const linesOf = ({ key, value }: Variable): string[] => (value === undefined ? [] : [`${key}=${shownLine(value)}`]);
