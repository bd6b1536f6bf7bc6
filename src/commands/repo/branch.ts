import { Command } from "commander";
import { fromByteString } from "../../domain/bytes.ts";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { CommandFailure } from "../failure.ts";
import { printData, printList } from "../print.ts";
import { byteStringOf, shown, type Text, textOf, typed } from "../text.ts";
import { onRepository, oneRepoCommand } from "./target.ts";
import { listNames } from "./list-names.ts";

const REFS_HEADS = "refs/heads/";

/** `repo branch …`. */
export function branchCommands(host: CommandHost): Command {
  return new Command("branch")
    .description("list and delete branches, show and set the default one")
    .addCommand(listBranchesCommand(host))
    .addCommand(defaultBranchCommand(host))
    .addCommand(deleteBranchCommand(host));
}

/** `repo branch list NAME`. */
function listBranchesCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "list", "list branches").action((name: string, options: CommandOptions) =>
    onRepository(host, name, options, (operations, repository) =>
      printList(host.output, options, listNames(operations, repository, REFS_HEADS), {
        data: ({ name: branch, oid }) => ({ name: branch, oid }),
        line: ({ name: branch }) => shown(branch),
      }),
    ),
  );
}

/** `repo branch default NAME [BRANCH]`. */
function defaultBranchCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "default", "show the default branch, or set it")
    .argument("[branch]", "the branch that it shall be")
    .action(async (name: string, given: string | undefined, options: CommandOptions) => {
      const branch = await onRepository(host, name, options, async (operations, repository) => {
        if (given !== undefined) {
          const wanted = typed(given);
          await operations.call("setDefaultBranch", { repository, branch: wanted });
          return wanted;
        }
        const found = await operations.call<{ name?: Text }>("findDefaultBranch", { repository, headOnly: true });
        return found.name === undefined ? null : shortBranch(found.name);
      });
      await printData(host.output, options, { branch }, () => (branch === null ? [] : [shown(branch)]));
    });
}

const shortBranch = (name: Text): Text => textOf(fromByteString(byteStringOf(name).replace(/^refs\/heads\//, "")));

/** `repo branch delete NAME BRANCH`. */
function deleteBranchCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "delete", "delete a branch")
    .argument("<branch>", "its name, without refs/heads/")
    .action(async (name: string, given: string, options: CommandOptions) => {
      const branch = typed(given);
      const data = await onRepository(host, name, options, async (operations, repository) => {
        const head = await operations.call<{ name?: Text }>("findDefaultBranch", { repository, headOnly: true });
        if (head.name !== undefined && byteStringOf(head.name) === REFS_HEADS + byteStringOf(branch))
          throw new CommandFailure(`${shown(branch)} is the default branch; make another one the default first`);
        const { oldOid } = await operations.call<{ oldOid: string }>("deleteBranch", { repository, branch });
        return { branch, oid: oldOid };
      });
      await printData(host.output, options, data, () => [`deleted branch ${shown(branch)} (was ${data.oid})`]);
    });
}
