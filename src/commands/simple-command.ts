import { Command } from "commander";
import type { CommandHost } from "./command-host.ts";

/** A command with `--json` and what its host adds. */
export const simpleCommand = (host: CommandHost, name: string, description: string): Command =>
  host.prepare(new Command(name).description(description).option("--json", "print JSON"));
