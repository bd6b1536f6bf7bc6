import { Command } from "commander";
import { VERSION } from "../version.ts";
import { printData, type Terminal } from "./terminal.ts";

/** `holdfast version`. */
export function versionCommand(terminal: Terminal): Command {
  return new Command("version")
    .description("print the version")
    .option("--json", "print JSON")
    .action(({ json = false }: { json?: boolean }) => {
      const data = { version: VERSION, bun: Bun.version };
      printData(terminal, json, data, () => [`holdfast ${VERSION} (bun ${Bun.version})`]);
    });
}
