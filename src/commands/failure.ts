import { CommanderError } from "commander";
import { decodeUtf8 } from "../domain/bytes.ts";

/** A command that cannot do what it was asked to, said in one line. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

/** A command that was called the wrong way. */
export class UsageFailure extends Error {
  override readonly name = "UsageFailure";
}

/** Exit codes of commands, everywhere. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** How a command has ended that did not do what it was asked to. */
export interface Failure {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** Makes of an error what a user reads; undefined for one that no command throws on purpose. */
export function failureOf(error: unknown): Failure | undefined {
  // Commander has printed its own line already; it also throws after `--help`, with exit code 0.
  if (error instanceof CommanderError) return { lines: [], exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage };
  if (error instanceof UsageFailure) return { lines: [plain(error.message)], exitCode: EXIT.usage };
  if (error instanceof CommandFailure) return { lines: [plain(error.message)], exitCode: EXIT.failed };
  if (isRefusal(error)) return { lines: [plain(`${error.message}${factsOf(error.details)}`)], exitCode: EXIT.failed };
  return undefined;
}

/** What operations throw, here or on the other side of a socket. */
interface Refusal extends Error {
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && "reason" in error && "details" in error && typeof error.details === "object";

/** Details that are byte strings: UTF-8 to people. */
const BYTE_STRINGS = new Set([
  "revision",
  "reference",
  "references",
  "path",
  "pattern",
  "parent",
  "child",
  "conflictsWith",
]);

/** The facts of an error that fit into its line. */
function factsOf(details: Readonly<Record<string, unknown>>): string {
  const facts = Object.entries(details).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => factOf(name, each)),
  );
  const told = facts.filter((fact) => fact !== "");
  return told.length === 0 ? "" : `: ${told.join(", ")}`;
}

function factOf(name: string, value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return plain(BYTE_STRINGS.has(name) ? decodeUtf8(value) : value);
  return value instanceof Uint8Array ? plain(Buffer.from(value).toString("utf8")) : "";
}

/** Longest line that an error makes, characters: it may repeat what was typed. */
export const ERROR_LENGTH_MAX = 500;

/** The first line, without what would steer a terminal. */
const plain = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  (text.trim().split("\n", 1)[0] ?? "").slice(0, ERROR_LENGTH_MAX).replace(/[\x00-\x1f\x7f-\u009f]/g, "\ufffd");
