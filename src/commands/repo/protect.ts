import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { UsageFailure } from "../failure.ts";
import { printData, printList } from "../print.ts";
import { repeated } from "../repeated.ts";
import { shown, type Text, typed } from "../text.ts";
import { onRepository, oneRepoCommand } from "./target.ts";

interface Rule {
  readonly pattern: Text;
  readonly noForce: boolean;
  readonly noDelete: boolean;
  readonly users?: readonly string[];
  readonly appliesToService: boolean;
}

interface ProtectOptions extends CommandOptions {
  /** False for `--no-force`. */
  readonly force: boolean;
  /** False for `--no-delete`. */
  readonly delete: boolean;
  readonly user: readonly string[];
  readonly nobody?: true;
  readonly exceptService?: true;
}

const PATTERN = "full name, directory or glob, such as refs/heads/main or refs/tags/v*";

/** `repo protect NAME PATTERN`. */
export function protectCommand(host: CommandHost): Command {
  return oneRepoCommand(
    host,
    "protect",
    "protect references, in place of an earlier rule with the same pattern; without options from force and deletion",
  )
    .argument("<pattern>", PATTERN)
    .option("--no-force", "only fast-forwards")
    .option("--no-delete", "may not be deleted")
    .option("--user <user>", "only these users may change them; may be repeated", repeated, [])
    .option("--nobody", "nobody may change them")
    .option("--except-service", "does not bind the holder of the Gitaly protocol's secret")
    .action(async (name: string, pattern: string, options: ProtectOptions) => {
      const input = { pattern: typed(pattern), ...ruleOf(options) };
      const rule = await onRepository(host, name, options, (operations, repository) =>
        operations.call<Rule>("protectReference", { repository, ...input }),
      );
      await printData(host.output, options, describeRule(rule), () => [lineOf(rule)]);
    });
}

/** Without an option: neither force nor deletion. */
function ruleOf(options: ProtectOptions) {
  const { user, nobody, exceptService } = options;
  if (nobody === true && user.length > 0) throw new UsageFailure("--user and --nobody exclude each other");
  const users = nobody === true ? [] : user.length > 0 ? [...user] : undefined;
  const plain = options.force && options.delete && users === undefined;
  return {
    noForce: plain || !options.force,
    noDelete: plain || !options.delete,
    ...(users === undefined ? {} : { users }),
    appliesToService: exceptService !== true,
  };
}

/** `repo unprotect NAME PATTERN`. */
export function unprotectCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "unprotect", "stop protecting references")
    .argument("<pattern>", "the rule's pattern, as it was given")
    .action(async (name: string, given: string, options: CommandOptions) => {
      const pattern = typed(given);
      await onRepository(host, name, options, (operations, repository) =>
        operations.call("unprotectReference", { repository, pattern }),
      );
      await printData(host.output, options, { pattern }, () => [`${shown(pattern)} is not protected any more`]);
    });
}

/** `repo protections NAME`. */
export function protectionsCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "protections", "list the rules on references").action(
    (name: string, options: CommandOptions) =>
      onRepository(host, name, options, (operations, repository) =>
        printList(host.output, options, operations.list<Rule>("listProtections", { repository }), {
          data: describeRule,
          line: lineOf,
        }),
      ),
  );
}

const describeRule = ({ pattern, noForce, noDelete, users, appliesToService }: Rule) => ({
  pattern,
  no_force: noForce,
  no_delete: noDelete,
  users: users ?? null,
  applies_to_service: appliesToService,
});

function lineOf({ pattern, noForce, noDelete, users, appliesToService }: Rule): string {
  const parts = [
    ...(noForce ? ["no force"] : []),
    ...(noDelete ? ["no deletion"] : []),
    ...(users === undefined ? [] : [users.length === 0 ? "nobody" : `only ${users.join(", ")}`]),
    ...(appliesToService ? [] : ["not for the service"]),
  ];
  return `${shown(pattern)}\t${parts.join("; ")}`;
}
