import { type Command, Option } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { printData } from "../print.ts";
import { textOfWords, wordsValue } from "../text-words.ts";
import { describeTarget, newTarget, oneRepoCommand } from "./target.ts";

interface CreateOptions extends CommandOptions {
  readonly objectFormat: "sha1" | "sha256";
  readonly defaultBranch: string;
  readonly private?: true;
  readonly description?: string | readonly string[];
}

/** `repo create NAME`. */
export function createCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "create", "create an empty repository")
    .option("-p, --private", "only for its owner and collaborators")
    .option(`-d, --description ${wordsValue(host)}`, "what it is, in one line")
    .addOption(new Option("--object-format <format>", "hash of objects").choices(["sha1", "sha256"]).default("sha1"))
    .option("--default-branch <branch>", "branch that HEAD names", "main")
    .action(async (name: string, options: CreateOptions) => {
      const repository = newTarget(name, options);
      const { objectFormat, defaultBranch, private: isPrivate, description } = options;
      const given = {
        ...(isPrivate === undefined ? {} : { private: isPrivate }),
        ...(description === undefined ? {} : { description: textOfWords(description) }),
      };
      await host.use(options, (operations) =>
        operations.call("createRepository", { repository, objectFormat, defaultBranch, ...given }),
      );
      const data = { ...describeTarget(repository), object_format: objectFormat, ...given };
      await printData(host.output, options, data, () => [`created ${name}`]);
    });
}
