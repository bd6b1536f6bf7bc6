import type { CommandHost } from "../commands/command-host.ts";
import { BufferedOutput } from "../commands/buffered-output.ts";
import { withServer } from "./connection.ts";
import { addSettingsOptions, configOf, type SettingsOptions } from "./settings-options.ts";
import type { Terminal } from "./terminal.ts";

/** Commands that are typed on the server; what they print is written when `flush` is called at the latest. */
export function serverHost(terminal: Terminal): CommandHost & { flush(): Promise<void> } {
  const output = new BufferedOutput((bytes) => terminal.write(bytes));
  return {
    place: "server",
    output,
    nowMs: () => Date.now(),
    flush: () => output.flush(),
    prepare: (command) => addSettingsOptions(command, ["data", "storages", "backend"]),
    use: (options, work) => withServer(configOf(options as SettingsOptions, terminal), work),
    confirm: (question, expected) => !process.stdin.isTTY || prompt(question) === expected,
  };
}
