import { CommanderError } from "commander";
import { ConfigError } from "../config.ts";
import { ControlError } from "../transports/control/client.ts";

/** A command that cannot do what it was asked to, said in one line. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

/** A command that was called the wrong way. */
export class UsageFailure extends Error {
  override readonly name = "UsageFailure";
}

export interface Failure {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

const FAILED = 1;
const USAGE = 2;

/** The one place where an error becomes what a user of the command line reads. */
export function failureOf(error: unknown): Failure {
  // Commander has printed its own line already; it also throws after `--help`, with exit code 0.
  if (error instanceof CommanderError) return { lines: [], exitCode: error.exitCode === 0 ? 0 : USAGE };
  if (error instanceof UsageFailure) return { lines: [error.message], exitCode: USAGE };
  if (error instanceof ConfigError) return configFailure(error);
  if (error instanceof ControlError) return { lines: [`${error.message}${facts(error)}`], exitCode: FAILED };
  return { lines: [error instanceof Error ? firstLine(error.message) : String(error)], exitCode: FAILED };
}

/** A wrong flag is wrong usage; a wrong variable or file is not. */
function configFailure({ mistakes }: ConfigError): Failure {
  return { lines: mistakes, exitCode: mistakes.some((line) => line.startsWith("--")) ? USAGE : FAILED };
}

/** The facts of an error that fit into its line. */
function facts({ details }: ControlError): string {
  const plain = Object.values(details).filter((value) => typeof value === "string" || typeof value === "number");
  return plain.length === 0 ? "" : `: ${firstLine(plain.join(", "))}`;
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";
