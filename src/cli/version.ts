import { Command } from "commander";
import packageFile from "../../package.json" with { type: "json" };
import { printData, type Terminal } from "./terminal.ts";

/** The version of Holdfast. */
export const VERSION: string = packageFile.version;

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
