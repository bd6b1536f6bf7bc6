import { Command } from "commander";
import type { CommandHost } from "../command-host.ts";
import { webhookCommands } from "../webhook/index.ts";
import { blobCommand } from "./blob.ts";
import { branchCommands } from "./branch.ts";
import { collabCommands } from "./collab.ts";
import { commitCommand } from "./commit.ts";
import { configCommand } from "./config.ts";
import { createCommand } from "./create.ts";
import { deleteCommand } from "./delete.ts";
import { descriptionCommand, privateCommand } from "./describe.ts";
import { infoCommand } from "./info.ts";
import { listCommand } from "./list.ts";
import { protectCommand, protectionsCommand, unprotectCommand } from "./protect.ts";
import { renameCommand } from "./rename.ts";
import { tagCommands } from "./tag.ts";
import { treeCommand } from "./tree.ts";

/** `repo …`. */
export function repoCommands(host: CommandHost): Command {
  return new Command("repo")
    .description("create, list, show, change and delete repositories")
    .addCommand(createCommand(host))
    .addCommand(listCommand(host))
    .addCommand(infoCommand(host))
    .addCommand(renameCommand(host))
    .addCommand(deleteCommand(host))
    .addCommand(privateCommand(host))
    .addCommand(descriptionCommand(host))
    .addCommand(configCommand(host))
    .addCommand(branchCommands(host))
    .addCommand(tagCommands(host))
    .addCommand(treeCommand(host))
    .addCommand(blobCommand(host))
    .addCommand(commitCommand(host))
    .addCommand(collabCommands(host))
    .addCommand(webhookCommands(host, "repository"))
    .addCommand(protectCommand(host))
    .addCommand(unprotectCommand(host))
    .addCommand(protectionsCommand(host));
}
