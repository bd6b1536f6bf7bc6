import { Command } from "commander";
import type { Terminal } from "../terminal.ts";
import { showBackendCommand } from "./show.ts";
import { switchBackendCommand } from "./switch.ts";

/** `holdfast backend …`. */
export function backendCommands(terminal: Terminal): Command {
  return new Command("backend")
    .description("show and switch the git backend of the running server")
    .addCommand(showBackendCommand(terminal))
    .addCommand(switchBackendCommand(terminal));
}
