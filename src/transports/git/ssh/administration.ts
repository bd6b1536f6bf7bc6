import { Command } from "commander";
import { BufferedOutput } from "../../../commands/buffered-output.ts";
import type { CommandHost, OperationRunner } from "../../../commands/command-host.ts";
import { EXIT, failureOf } from "../../../commands/failure.ts";
import { commandsOverSsh } from "../../../commands/index.ts";
import { checkWords, prepareProgram } from "../../../commands/program.ts";
import type { Caller } from "../../../contract/principal.ts";
import type { JsonOperations } from "../../../engine/json-operations.ts";
import { actorOf } from "./actor-of.ts";
import type { SshCommands, SshSession } from "./command.ts";

export interface AdministrationOptions {
  readonly operations: JsonOperations;
  /** What a user types before a command, such as `ssh -p 23231 127.0.0.1`; asked when somebody wants help. */
  readonly invocation: () => string;
  readonly nowMs: () => number;
}

/** `repo`, `user`, `token` and the others over SSH: each runs in this process as the caller, who may do what the engine lets him. */
export function administration(options: AdministrationOptions): SshCommands {
  return { run: (argv, session) => run(argv, session, options) };
}

async function run(
  argv: readonly string[],
  session: SshSession,
  { operations, invocation, nowMs }: AdministrationOptions,
): Promise<number> {
  const output = new BufferedOutput((bytes) => session.stdout(bytes));
  const help: string[] = [];
  const errors: string[] = [];
  const host: CommandHost = {
    place: "ssh",
    output,
    nowMs,
    prepare: (command) => command,
    use: (_options, work) => work(runnerFor(operations, callerOf(session))),
    confirm: () => true,
  };
  // A fresh program for each call: commander keeps the values of options in it.
  const program = new Command(invocation()).description("Holdfast, a Git storage service");
  for (const command of commandsOverSsh(host)) program.addCommand(command);
  const writeOut = (text: string) => void help.push(text);
  const writeError = (text: string) => void errors.push(text);
  prepareProgram(program, { writeOut, writeError, prefix: "" });
  try {
    checkWords(argv);
    await program.parseAsync(argv, { from: "user" });
    await output.flush();
    return EXIT.ok;
  } catch (error) {
    await output.flush();
    const failure = failureOf(error);
    // A bug; the session logs it.
    if (failure === undefined) throw error;
    if (help.length > 0) await session.stdout(help.join(""));
    for (const line of [...errors, ...failure.lines]) await session.stderr(`${line}\n`);
    return failure.exitCode;
  }
}

function callerOf({ principal, peer, requestId, signal }: SshSession): Caller {
  const actor = actorOf(principal);
  return { principal, door: "ssh", requestId, peer, signal, ...(actor === undefined ? {} : { actor }) };
}

function runnerFor(operations: JsonOperations, caller: Caller): OperationRunner {
  return {
    call: async <Output>(name: string, input: object) => (await operations.call(name, input, caller)) as Output,
    async *list<Item>(name: string, input: object) {
      for await (const items of operations.list(name, input, caller)) yield* items as Item[];
    },
  };
}
