import type { Command } from "commander";
import { ERROR_LENGTH_MAX, UsageFailure } from "./failure.ts";

/** Where what commander itself has to say goes. */
export interface ProgramOutput {
  /** Help. */
  writeOut(text: string): void;
  /** Errors, one line each, and help where a command is missing; without the last end of line. */
  writeError(text: string): void;
  /** What stands before an error, such as the program's name. */
  readonly prefix: string;
  /** Columns of a terminal; absent: none. */
  readonly columns?: number | undefined;
}

const COLUMNS_DEFAULT = 100;

/**
 * Prepares a command and all below it: errors in one line, and thrown, never an exit from within; nothing of the process' own streams
 * is looked at.
 */
export function prepareProgram(command: Command, output: ProgramOutput): void {
  const columns = () => output.columns ?? COLUMNS_DEFAULT;
  command.exitOverride().configureOutput({
    writeOut: (text) => output.writeOut(text),
    writeErr: (text) => output.writeError(text.trimEnd()),
    outputError: (text, write) => write(`${output.prefix}${oneLine(text)}`),
    getOutHelpWidth: columns,
    getErrHelpWidth: columns,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  for (const child of command.commands) prepareProgram(child, output);
}

/** `error: unknown command 'creat'\n(Did you mean create?)` in one line, without what would steer a terminal. */
const oneLine = (text: string): string =>
  text
    .replace(/^error: /, "")
    .trim()
    .slice(0, ERROR_LENGTH_MAX)
    // eslint-disable-next-line no-control-regex
    .replace(/[\x00-\x1f\x7f-\u009f]+/g, " ");

/** Whoever hands a command over reads it as UTF-8; what was not shows as this. */
const NOT_UTF8 = "\ufffd";

/** Refuses words that no command can mean. */
export function checkWords(argv: readonly string[]): void {
  if (argv.some((word) => word.includes(NOT_UTF8))) throw new UsageFailure("the command is not UTF-8");
  if (argv.some((word) => word.includes("\0"))) throw new UsageFailure("the command has a NUL byte in it");
}
