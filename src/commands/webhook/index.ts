import { Command } from "commander";
import type { CommandHost } from "../command-host.ts";
import { onOff } from "../on-off.ts";
import { factLines, printData, printList } from "../print.ts";
import { repeated } from "../repeated.ts";
import { deliveryCommands } from "./deliveries.ts";
import { hookCommand, type HookPlace, idOf } from "./hook-command.ts";

interface Hook {
  readonly id: number;
  readonly url: string;
  readonly events: readonly string[];
  readonly active: boolean;
  readonly created_at: string;
}

interface HookOptions {
  readonly event: readonly string[];
  readonly secret?: string;
  readonly active?: boolean;
  readonly url?: string;
}

const ID = "number of the webhook";

/** `repo webhook …`: hooks of a repository; `webhook …`: hooks of the server. */
export function webhookCommands(host: CommandHost, hooks: HookPlace): Command {
  const whose = hooks === "repository" ? "a repository" : "the server: all that happens in any repository";
  return new Command("webhook")
    .description(`webhooks of ${whose}`)
    .addCommand(createHookCommand(host, hooks))
    .addCommand(listHooksCommand(host, hooks))
    .addCommand(hookInfoCommand(host, hooks))
    .addCommand(updateHookCommand(host, hooks))
    .addCommand(deleteHookCommand(host, hooks))
    .addCommand(deliveryCommands(host, hooks));
}

const withHookOptions = (command: Command): Command =>
  command
    .option("-e, --event <name>", "only these events, such as push; may be repeated", repeated, [])
    .option("-s, --secret <key>", "key of the signatures; '' for none")
    .option("--active <true|false>", "are events sent?", onOff);

/** What was given of a hook, as operations want it. */
const changeOf = ({ event, secret, active, url }: HookOptions) => ({
  ...(event.length === 0 ? {} : { events: event }),
  ...(secret === undefined ? {} : { secret }),
  ...(active === undefined ? {} : { active }),
  ...(url === undefined ? {} : { url }),
});

function createHookCommand(host: CommandHost, hooks: HookPlace): Command {
  const name = "create";
  const description = "create a webhook: an address that is told of what happens from now on";
  const declare = (command: Command) => withHookOptions(command.argument("<url>", "where events are posted"));
  return hookCommand<[string], HookOptions>(host, hooks, { name, description, declare }, async (work) => {
    const { operations, place, options } = work;
    const input = { ...place, ...changeOf({ ...options, url: work.args[0] }) };
    const hook = await operations.call<Hook>("createWebhook", input);
    await printData(host.output, options, hook, () => [`created webhook ${hook.id}`]);
  });
}

function listHooksCommand(host: CommandHost, hooks: HookPlace): Command {
  const about = { name: "list", description: "list webhooks", declare: (command: Command) => command };
  return hookCommand(host, hooks, about, ({ operations, place, options }) =>
    printList(host.output, options, operations.list<Hook>("listWebhooks", place), {
      data: (hook) => hook,
      line: ({ id, url, events, active }) =>
        [id, url, events.length === 0 ? "all" : events.join(","), active ? "active" : "inactive"].join("\t"),
    }),
  );
}

function hookInfoCommand(host: CommandHost, hooks: HookPlace): Command {
  const declare = (command: Command) => command.argument("<id>", ID, idOf);
  const about = { name: "info", description: "show a webhook", declare };
  return hookCommand<[number]>(host, hooks, about, async ({ operations, place, args: [id], options }) => {
    const hook = await operations.call<Hook>("showWebhook", { ...place, id });
    await printData(host.output, options, hook, () => factsOf(hook));
  });
}

const factsOf = (hook: Hook): string[] =>
  factLines({ ...hook, events: hook.events.length === 0 ? "all" : hook.events.join(", ") });

function updateHookCommand(host: CommandHost, hooks: HookPlace): Command {
  const declare = (command: Command) =>
    withHookOptions(command.argument("<id>", ID, idOf)).option("-u, --url <url>", "where events are posted");
  const about = { name: "update", description: "change a webhook; what is not named stays", declare };
  return hookCommand<[number], HookOptions>(host, hooks, about, async ({ operations, place, args: [id], options }) => {
    const hook = await operations.call<Hook>("updateWebhook", { ...place, id, ...changeOf(options) });
    await printData(host.output, options, hook, () => factsOf(hook));
  });
}

function deleteHookCommand(host: CommandHost, hooks: HookPlace): Command {
  const declare = (command: Command) => command.argument("<id>", ID, idOf);
  const about = { name: "delete", description: "delete a webhook with its deliveries", declare };
  return hookCommand<[number]>(host, hooks, about, async ({ operations, place, args: [id], options }) => {
    await operations.call("deleteWebhook", { ...place, id });
    await printData(host.output, options, { id }, () => [`deleted webhook ${id}`]);
  });
}
