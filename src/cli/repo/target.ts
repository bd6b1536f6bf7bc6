import { Command } from "commander";
import { problemOfRepositoryName, relativePathOf, repositoryNameOf } from "../../domain/repository-name.ts";
import type { ControlClient } from "../../transports/control/client.ts";
import { UsageFailure } from "../failure.ts";
import { addSettingsOptions, type SettingsOptions } from "../settings-options.ts";

/** Where a repository is, as operations want it. */
export interface Target {
  readonly storage: string;
  readonly relativePath: string;
}

/** Options that every `repo` command has. */
export interface RepoOptions extends SettingsOptions {
  readonly json?: true;
  readonly storage: string;
}

/** A subcommand of `repo`, with the options that all of them share. */
export function repoCommand(name: string, description: string): Command {
  const command = new Command(name).description(description).option("--json", "print JSON");
  command.option("--storage <name>", "storage of the Gitaly protocol", "default");
  return addSettingsOptions(command, ["data", "storages", "backend"]);
}

/** Where a repository shall be made. */
export function newTarget(name: string, storage: string): Target {
  const problem = problemOfRepositoryName(name);
  if (problem !== undefined) throw new UsageFailure(`the name ${JSON.stringify(name)} ${problem}`);
  return { storage, relativePath: relativePathOf(name) };
}

/** The repository of a full name: `x.git`, or what a client of the Gitaly protocol has made as plain `x`. */
export async function existingTarget(server: ControlClient, name: string, storage: string): Promise<Target> {
  const usual = { storage, relativePath: relativePathOf(repositoryNameOf(name)) };
  const plain = { storage, relativePath: repositoryNameOf(name) };
  for (const repository of [usual, plain]) {
    const { exists } = await server.call<{ exists: boolean }>("repositoryExists", { repository });
    if (exists) return repository;
  }
  return usual;
}

/** A repository as `--json` prints it. */
export function describeTarget({ storage, relativePath }: Target): {
  name: string;
  storage: string;
  relative_path: string;
} {
  return { name: repositoryNameOf(relativePath), storage, relative_path: relativePath };
}
