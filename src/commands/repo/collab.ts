import { Argument, Command } from "commander";
import { ACCESS_LEVELS } from "../../domain/access-level.ts";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { printData, printList } from "../print.ts";
import { onRepository, oneRepoCommand } from "./target.ts";

interface Collaborator {
  readonly user: string;
  readonly level: string;
}

const LEVEL_DEFAULT = "read-write";

/** `repo collab …`. */
export function collabCommands(host: CommandHost): Command {
  return new Command("collab")
    .description("add, list and remove collaborators")
    .addCommand(
      oneRepoCommand(host, "add", "add a collaborator, or give one another level of access")
        .argument("<user>", "name of the user")
        .addArgument(new Argument("[level]", "what the user may do").choices(ACCESS_LEVELS).default(LEVEL_DEFAULT))
        .action(async (name: string, user: string, level: string, options: CommandOptions) => {
          await onRepository(host, name, options, (operations, repository) =>
            operations.call("addCollaborator", { repository, user, level }),
          );
          await printData(host.output, options, { user, level }, () => [`${user} has ${level} to ${name}`]);
        }),
    )
    .addCommand(
      oneRepoCommand(host, "list", "list collaborators").action((name: string, options: CommandOptions) =>
        onRepository(host, name, options, (operations, repository) =>
          printList(host.output, options, operations.list<Collaborator>("listCollaborators", { repository }), {
            data: ({ user, level }) => ({ user, level }),
            line: ({ user, level }) => `${user}\t${level}`,
          }),
        ),
      ),
    )
    .addCommand(
      oneRepoCommand(host, "remove", "remove a collaborator")
        .argument("<user>", "name of the user")
        .action(async (name: string, user: string, options: CommandOptions) => {
          await onRepository(host, name, options, (operations, repository) =>
            operations.call("removeCollaborator", { repository, user }),
          );
          await printData(host.output, options, { user }, () => [`${user} is no collaborator of ${name}`]);
        }),
    );
}
