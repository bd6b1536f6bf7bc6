import { EXIT, type Failure, failureOf as failureOfCommand } from "../commands/failure.ts";
import { ConfigError } from "../config.ts";

/** The one place where an error becomes what a user of the command line reads. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ConfigError) return configFailure(error);
  const message = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
  return failureOfCommand(error) ?? { lines: [message], exitCode: EXIT.failed };
}

/** A wrong flag is wrong usage; a wrong variable or file is not. */
function configFailure({ mistakes }: ConfigError): Failure {
  return { lines: mistakes, exitCode: mistakes.some((line) => line.startsWith("--")) ? EXIT.usage : EXIT.failed };
}
