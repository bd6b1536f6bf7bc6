import { Command } from "commander";
import { VERSION } from "../version.ts";
import { backendCommands } from "./backend/index.ts";
import { benchCommand } from "./bench.ts";
import { doctorCommand } from "./doctor/index.ts";
import { failureOf } from "./failure.ts";
import { repoCommands } from "./repo/index.ts";
import { serveCommand } from "./serve.ts";
import type { Terminal } from "./terminal.ts";
import { versionCommand } from "./version.ts";

/** The `holdfast` command. A subcommand is listed once something is behind it. */
function program(terminal: Terminal): Command {
  const commands = [
    serveCommand(terminal),
    repoCommands(terminal),
    backendCommands(terminal),
    doctorCommand(terminal),
    benchCommand(),
    versionCommand(terminal),
  ];
  const root = new Command("holdfast").description("a Git storage service").version(VERSION);
  for (const command of commands) root.addCommand(command);
  prepare(root, terminal);
  return root;
}

/** Every command, nested ones too: errors in one line, and thrown, never an exit from within. */
function prepare(command: Command, terminal: Terminal): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeErr: (text) => terminal.remark(text.trimEnd()),
    outputError: (text, write) =>
      write(
        `holdfast: ${text
          .replace(/^error: /, "")
          .trim()
          .replaceAll("\n", " ")}`,
      ),
  });
  for (const child of command.commands) prepare(child, terminal);
}

/** Runs the command line; answers the exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await program(terminal).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    const { lines, exitCode } = failureOf(error);
    for (const line of lines) terminal.remark(`holdfast: ${line}`);
    return exitCode;
  }
}
