import { Command } from "commander";
import { withRunningServer } from "../connection.ts";
import { addSettingsOptions, configOf, type SettingsOptions } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";

interface Shown {
  readonly current: string;
  readonly available: readonly string[];
  readonly calls: Readonly<Record<string, number>>;
}

/** `holdfast backend show`. */
export function showBackendCommand(terminal: Terminal): Command {
  const command = new Command("show").description("show the backend in use").option("--json", "print JSON");
  return addSettingsOptions(command, ["data"]).action(async (options: SettingsOptions & { json?: true }) => {
    const data = await withRunningServer(configOf(options, terminal), (server) =>
      server.call<Shown>("showBackend", {}),
    );
    printData(terminal, options.json === true, data, () =>
      data.available.map(
        (name) => `${name === data.current ? "*" : " "} ${name.padEnd(10)} ${data.calls[name] ?? 0} calls`,
      ),
    );
  });
}
