import { Command } from "commander";
import type { CommandHost } from "../command-host.ts";
import { blobCommand } from "./blob.ts";
import { branchCommands } from "./branch.ts";
import { commitCommand } from "./commit.ts";
import { createCommand } from "./create.ts";
import { deleteCommand } from "./delete.ts";
import { infoCommand } from "./info.ts";
import { listCommand } from "./list.ts";
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
    .addCommand(branchCommands(host))
    .addCommand(tagCommands(host))
    .addCommand(treeCommand(host))
    .addCommand(blobCommand(host))
    .addCommand(commitCommand(host));
}
