import { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { printData, printList } from "../print.ts";
import { shown, typed } from "../text.ts";
import { listNames, REFS_TAGS } from "./list-names.ts";
import { onRepository, oneRepoCommand } from "./target.ts";

/** `repo tag …`. */
export function tagCommands(host: CommandHost): Command {
  return new Command("tag")
    .description("list and delete tags")
    .addCommand(listTagsCommand(host))
    .addCommand(deleteTagCommand(host));
}

/** `repo tag list NAME`. */
function listTagsCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "list", "list tags").action((name: string, options: CommandOptions) =>
    onRepository(host, name, options, (operations, repository) =>
      printList(host.output, options, listNames(operations, repository, REFS_TAGS), {
        data: ({ name: tag, oid, peeledOid }) => ({ name: tag, oid, target_oid: peeledOid ?? oid }),
        line: ({ name: tag }) => shown(tag),
      }),
    ),
  );
}

/** `repo tag delete NAME TAG`. */
function deleteTagCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "delete", "delete a tag")
    .argument("<tag>", "its name, without refs/tags/")
    .action(async (name: string, given: string, options: CommandOptions) => {
      const tag = typed(given);
      const { oldOid } = await onRepository(host, name, options, (operations, repository) =>
        operations.call<{ oldOid: string }>("deleteTag", { repository, tag }),
      );
      await printData(host.output, options, { tag, oid: oldOid }, () => [`deleted tag ${shown(tag)} (was ${oldOid})`]);
    });
}
