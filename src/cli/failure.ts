import { CommanderError } from "commander";
export { CommandFailure, UsageFailure } from "../commands/failure.ts";
import { EXIT, UsageFailure } from "../commands/failure.ts";
import { ConfigError } from "../config.ts";
import { ControlError } from "../transports/control/client.ts";

export interface Failure {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** The one place where an error becomes what a user of the command line reads. */
export function failureOf(error: unknown): Failure {
  // Commander has printed its own line already; it also throws after `--help`, with exit code 0.
  if (error instanceof CommanderError) return { lines: [], exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage };
  if (error instanceof UsageFailure) return { lines: [error.message], exitCode: EXIT.usage };
  if (error instanceof ConfigError) return configFailure(error);
  if (error instanceof ControlError) return { lines: [`${error.message}${facts(error)}`], exitCode: EXIT.failed };
  return { lines: [error instanceof Error ? firstLine(error.message) : String(error)], exitCode: EXIT.failed };
}

/** A wrong flag is wrong usage; a wrong variable or file is not. */
function configFailure({ mistakes }: ConfigError): Failure {
  return { lines: mistakes, exitCode: mistakes.some((line) => line.startsWith("--")) ? EXIT.usage : EXIT.failed };
}

/** The facts of an error that fit into its line. */
function facts({ details }: ControlError): string {
  const plain = Object.values(details).filter((value) => typeof value === "string" || typeof value === "number");
  return plain.length === 0 ? "" : `: ${firstLine(plain.join(", "))}`;
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";
