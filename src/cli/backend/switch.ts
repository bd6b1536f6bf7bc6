import { Command } from "commander";
import { withRunningServer } from "../connection.ts";
import { addSettingsOptions, configOf, type SettingsOptions } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";

interface Switched {
  readonly previous: string;
  readonly current: string;
}

/** `holdfast backend switch NAME`. */
export function switchBackendCommand(terminal: Terminal): Command {
  const command = new Command("switch")
    .description("send new calls to another backend; calls in flight finish where they began")
    .argument("<name>", "libgit2 or shell")
    .option("--json", "print JSON");
  return addSettingsOptions(command, ["data"]).action(
    async (name: string, options: SettingsOptions & { json?: true }) => {
      const data = await withRunningServer(configOf(options, terminal), (server) =>
        server.call<Switched>("switchBackend", { name }),
      );
      printData(terminal, options.json === true, data, () => [`${data.previous} -> ${data.current}`]);
    },
  );
}
