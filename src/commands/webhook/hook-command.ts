import { type Command, InvalidArgumentError } from "commander";
import type { CommandHost, CommandOptions, OperationRunner } from "../command-host.ts";
import { onRepository, oneRepoCommand, type Target } from "../repo/target.ts";
import { simpleCommand } from "../simple-command.ts";

/** Hooks of one repository, which is then the first argument, or of the whole server. */
export type HookPlace = "repository" | "server";

/** What a command about hooks works with. */
export interface HookWork<Arguments, Options> {
  readonly operations: OperationRunner;
  /** The part of an operation's input that says where the hook is. */
  readonly place: { readonly repository?: Target };
  /** The arguments behind the repository. */
  readonly args: Arguments;
  readonly options: Options & CommandOptions;
}

/** A command about hooks; `declare` adds its arguments and options. */
export function hookCommand<Arguments extends readonly unknown[], Options = object>(
  host: CommandHost,
  hooks: HookPlace,
  { name, description, declare }: { name: string; description: string; declare: (command: Command) => Command },
  run: (work: HookWork<Arguments, Options>) => Promise<void>,
): Command {
  const begun =
    hooks === "repository" ? oneRepoCommand(host, name, description) : simpleCommand(host, name, description);
  const command = declare(begun);
  return command.action(() => {
    const options = command.opts<Options & CommandOptions>();
    const all = command.processedArgs as unknown[];
    const args = (hooks === "repository" ? all.slice(1) : all) as unknown as Arguments;
    if (hooks === "server") return host.use(options, (operations) => run({ operations, place: {}, args, options }));
    return onRepository(host, all[0] as string, options, (operations, repository) =>
      run({ operations, place: { repository }, args, options }),
    );
  });
}

const ID_MAX = 2 ** 31 - 1;

/** Reads the number of a hook or a delivery. */
export function idOf(text: string): number {
  const id = Number(text);
  if (!/^\d{1,10}$/.test(text) || id < 1 || id > ID_MAX) throw new InvalidArgumentError("It is no number of one.");
  return id;
}
