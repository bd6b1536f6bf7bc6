import type { Command } from "commander";

/** Runs operations by their names; inputs and outputs are as JSON has them, bytes as `Text`. */
export interface OperationRunner {
  /** Runs an operation that has one answer. */
  call<Output>(operation: string, input: object): Promise<Output>;
  /** Runs an operation that answers a list or a download. */
  list<Item>(operation: string, input: object): AsyncIterable<Item>;
}

/** Where the output of a command goes; each call resolves when more may be written. */
export interface CommandOutput {
  line(text: string): Promise<void>;
  bytes(bytes: Uint8Array): Promise<void>;
}

/** Options that every command has. */
export interface CommandOptions {
  readonly json?: true;
  readonly storage?: string;
}

/**
 * Where commands are typed: on the server, by whoever may do everything and is nobody in particular; or over SSH, by somebody who
 * may do what he may.
 */
export interface CommandHost {
  readonly place: "server" | "ssh";
  readonly output: CommandOutput;
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Adds the options that every command has in this place. */
  prepare(command: Command): Command;
  /** Runs a command's work. */
  use<T>(options: CommandOptions, work: (operations: OperationRunner) => Promise<T>): Promise<T>;
  /** Asks a person at a terminal to type something once more; true where nobody can be asked. */
  confirm(question: string, expected: string): boolean;
}
