import { type Command, Option } from "commander";
import { withServer } from "../connection.ts";
import { configOf } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import { describeTarget, newTarget, repoCommand, type RepoOptions } from "./target.ts";

interface CreateOptions extends RepoOptions {
  readonly objectFormat: "sha1" | "sha256";
  readonly defaultBranch: string;
}

/** `holdfast repo create NAME`. */
export function createCommand(terminal: Terminal): Command {
  return repoCommand("create", "create an empty repository")
    .argument("<name>", "full name, such as alice/myrepo")
    .addOption(new Option("--object-format <format>", "hash of objects").choices(["sha1", "sha256"]).default("sha1"))
    .option("--default-branch <branch>", "branch that HEAD names", "main")
    .action(async (name: string, options: CreateOptions) => {
      const repository = newTarget(name, options.storage);
      const { objectFormat, defaultBranch } = options;
      await withServer(configOf(options, terminal), (server) =>
        server.call("createRepository", { repository, objectFormat, defaultBranch }),
      );
      const data = { ...describeTarget(repository), object_format: objectFormat };
      printData(terminal, options.json === true, data, () => [`created ${name}`]);
    });
}
