import type { Command } from "commander";
import type { CommandHost } from "../../commands/command-host.ts";
import { repoCommands } from "../../commands/repo/index.ts";
import type { Terminal } from "../terminal.ts";
import { fsckCommand } from "./fsck.ts";
import { gcCommand } from "./gc.ts";
import { importCommand } from "./import.ts";

/** `holdfast repo …`: what works over SSH as well, and what is for the server only. */
export function serverRepoCommands(host: CommandHost, terminal: Terminal): Command {
  return repoCommands(host)
    .addCommand(importCommand(host, terminal))
    .addCommand(gcCommand(host, terminal))
    .addCommand(fsckCommand(host, terminal));
}
