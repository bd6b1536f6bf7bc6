import { Command } from "commander";
import { problemOfRepositoryName, relativePathOf, repositoryNameOf } from "../../domain/repository-name.ts";
import type { CommandHost, CommandOptions, OperationRunner } from "../command-host.ts";
import { UsageFailure } from "../failure.ts";

/** Where a repository is, as operations want it. */
export interface Target {
  readonly storage: string;
  readonly relativePath: string;
}

const STORAGE_DEFAULT = "default";
/** Of a name that cannot be one, so much is repeated, characters. */
const NAME_SHOWN_MAX = 80;

/** A command about repositories, with the options that all of them share. */
export function repoCommand(host: CommandHost, name: string, description: string): Command {
  const command = new Command(name).description(description).option("--json", "print JSON");
  command.option("--storage <name>", "storage of the Gitaly protocol", STORAGE_DEFAULT);
  return host.prepare(command);
}

/** A command about one repository: its first argument is the full name. */
export const oneRepoCommand = (host: CommandHost, name: string, description: string): Command =>
  repoCommand(host, name, description).argument("<repo>", "full name, such as alice/myrepo");

/** Where a repository shall be made. */
export function newTarget(name: string, { storage = STORAGE_DEFAULT }: CommandOptions): Target {
  const problem = problemOfRepositoryName(name);
  if (problem !== undefined)
    throw new UsageFailure(`the name ${JSON.stringify(name.slice(0, NAME_SHOWN_MAX))} ${problem}`);
  return { storage, relativePath: relativePathOf(name) };
}

/** The repository of a full name: `x.git`, or what a client of the Gitaly protocol has made as plain `x`. */
export async function existingTarget(
  operations: OperationRunner,
  name: string,
  { storage = STORAGE_DEFAULT }: CommandOptions,
): Promise<Target> {
  const usual = { storage, relativePath: relativePathOf(repositoryNameOf(name)) };
  const plain = { storage, relativePath: repositoryNameOf(name) };
  for (const repository of [usual, plain]) if (await isThere(operations, repository)) return repository;
  return usual;
}

/** What may not be seen is not there. */
async function isThere(operations: OperationRunner, repository: Target): Promise<boolean> {
  try {
    return (await operations.call<{ exists: boolean }>("repositoryExists", { repository })).exists;
  } catch (error) {
    if ((error as { reason?: string }).reason === "repository_not_found") return false;
    throw error;
  }
}

/** Runs a command's work on an existing repository. */
export function onRepository<T>(
  host: CommandHost,
  name: string,
  options: CommandOptions,
  work: (operations: OperationRunner, repository: Target) => Promise<T>,
): Promise<T> {
  return host.use(options, async (operations) => work(operations, await existingTarget(operations, name, options)));
}

/** A repository as `--json` prints it. */
export function describeTarget({ storage, relativePath }: Target): {
  name: string;
  storage: string;
  relative_path: string;
} {
  return { name: repositoryNameOf(relativePath), storage, relative_path: relativePath };
}
