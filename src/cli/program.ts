import { Command } from "commander";
import type { CommandHost } from "../commands/command-host.ts";
import { EXIT } from "../commands/failure.ts";
import { commandsOfBothPlaces } from "../commands/index.ts";
import { checkWords, prepareProgram } from "../commands/program.ts";
import { VERSION } from "../version.ts";
import { backendCommands } from "./backend/index.ts";
import { benchCommand } from "./bench.ts";
import { doctorCommand } from "./doctor/index.ts";
import { eventsCommand } from "./events.ts";
import { failureOf } from "./failure.ts";
import { mcpCommand } from "./mcp.ts";
import { serverRepoCommands } from "./repo/index.ts";
import { serverHost } from "./server-host.ts";
import { serveCommand } from "./serve.ts";
import type { Terminal } from "./terminal.ts";
import { versionCommand } from "./version.ts";

/** The commands of `holdfast`. One is listed once something is behind it. */
export const commandsOnServer = (host: CommandHost, terminal: Terminal): Command[] => [
  serveCommand(terminal),
  serverRepoCommands(host, terminal),
  ...commandsOfBothPlaces(host),
  backendCommands(terminal),
  eventsCommand(terminal),
  mcpCommand(terminal),
  doctorCommand(terminal),
  benchCommand(),
  versionCommand(terminal),
];

function program(terminal: Terminal, host: CommandHost): Command {
  const root = new Command("holdfast").description("a Git storage service").version(VERSION);
  for (const command of commandsOnServer(host, terminal)) root.addCommand(command);
  prepareProgram(root, {
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeError: (text) => terminal.remark(text),
    prefix: "holdfast: ",
    columns: process.stdout.columns,
  });
  return root;
}

/** Runs the command line; answers the exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  const host = serverHost(terminal);
  try {
    checkWords(args);
    await program(terminal, host).parseAsync(args, { from: "user" });
    await host.flush();
    await terminal.flush();
    return EXIT.ok;
  } catch (error) {
    await host
      .flush()
      .then(() => terminal.flush())
      .catch(() => {});
    const { lines, exitCode } = failureOf(error);
    for (const line of lines) terminal.remark(`holdfast: ${line}`);
    return exitCode;
  }
}
