import { Command } from "commander";
import { UsageFailure } from "../commands/failure.ts";
import { inputLines } from "./input-lines.ts";
import { McpBridge } from "./mcp-bridge.ts";
import { LocalEndpoint, mcpAddress, remoteEndpoint } from "./mcp-endpoint.ts";
import { addSettingsOptions, configOf, type SettingsOptions } from "./settings-options.ts";
import type { Terminal } from "./terminal.ts";

interface McpOptions extends SettingsOptions {
  readonly url?: string;
  readonly token?: string;
  readonly toolsets?: string;
}

/** How long what runs may go on when the client has gone. */
const END_MS = 2000;

/** `holdfast mcp`: the Model Context Protocol on standard input and output, for agents on this machine. */
export function mcpCommand(terminal: Terminal, input: AsyncIterable<Uint8Array> = Bun.stdin.stream()): Command {
  const command = new Command("mcp").description(
    "serve agents (Model Context Protocol) on standard input and output: through the running server, or one of its own",
  );
  command.option("--url <address>", "a server somewhere else, such as https://git.example.org (or HOLDFAST_URL)");
  command.option("--token <token>", "who asks (or HOLDFAST_TOKEN); without one whoever owns the data directory");
  command.option(
    "--toolsets <names>",
    "toolsets, separated by commas: default, all, or names as docs/internals/mcp.md lists them",
  );
  addSettingsOptions(command, ["data", "storages", "backend"]);
  return command.action(async (options: McpOptions) => {
    const { url = process.env["HOLDFAST_URL"] || undefined, toolsets } = options;
    const token = options.token ?? (process.env["HOLDFAST_TOKEN"] || undefined);
    if (token !== undefined && /[^\x21-\x7e]/.test(token)) throw new UsageFailure("--token is no token");
    if (toolsets !== undefined && /[^\x20-\x7e]/.test(toolsets)) throw new UsageFailure("--toolsets takes names");
    const identity = { ...(token !== undefined && { token }), ...(toolsets !== undefined && { toolsets }) };
    const endpoint =
      url === undefined
        ? new LocalEndpoint(configOf(options, terminal), identity)
        : remoteEndpoint(mcpAddress(url), identity);
    if (endpoint instanceof LocalEndpoint) await endpoint.open();
    const bridge = new McpBridge(endpoint, (line) => terminal.write(Buffer.from(`${line}\n`)));
    const read = async () => {
      for await (const line of inputLines(input)) bridge.take(line);
    };
    try {
      await Promise.race([read(), untilTold()]);
      await bridge.end(END_MS);
    } finally {
      await endpoint.close();
    }
  });
}

/** Waits for a signal that ends the process: what it serves by itself is closed before. */
function untilTold(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}
