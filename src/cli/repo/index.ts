import { Command } from "commander";
import type { Terminal } from "../terminal.ts";
import { createCommand } from "./create.ts";
import { deleteCommand } from "./delete.ts";
import { fsckCommand } from "./fsck.ts";
import { gcCommand } from "./gc.ts";
import { importCommand } from "./import.ts";
import { listCommand } from "./list.ts";
import { renameCommand } from "./rename.ts";
import { showCommand } from "./show.ts";

/** `holdfast repo …`. */
export function repoCommands(terminal: Terminal): Command {
  return new Command("repo")
    .description("create, list, show, rename, delete, import and maintain repositories")
    .addCommand(createCommand(terminal))
    .addCommand(listCommand(terminal))
    .addCommand(showCommand(terminal))
    .addCommand(renameCommand(terminal))
    .addCommand(deleteCommand(terminal))
    .addCommand(importCommand(terminal))
    .addCommand(gcCommand(terminal))
    .addCommand(fsckCommand(terminal));
}
