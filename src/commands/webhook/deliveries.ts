import { Command } from "commander";
import type { CommandHost } from "../command-host.ts";
import { CommandFailure } from "../failure.ts";
import { factLines, printData, printList } from "../print.ts";
import { shownLine } from "../text.ts";
import { hookCommand, type HookPlace, idOf } from "./hook-command.ts";

interface Delivery {
  readonly id: number;
  readonly event_id: string;
  readonly event: string;
  readonly state: string;
  readonly attempts: number;
  readonly created_at: string;
  readonly next_attempt_at?: string;
  readonly status?: number;
  readonly response?: string;
  readonly error?: string;
}

/** `… webhook deliveries …`: what was sent to a hook, or is on its way. */
export function deliveryCommands(host: CommandHost, hooks: HookPlace): Command {
  return new Command("deliveries")
    .description("list and show what was sent to a webhook, and send it again")
    .addCommand(listDeliveriesCommand(host, hooks))
    .addCommand(showDeliveryCommand(host, hooks))
    .addCommand(redeliverCommand(host, hooks));
}

const withHook = (command: Command): Command => command.argument("<id>", "number of the webhook", idOf);
const withDelivery = (command: Command): Command =>
  withHook(command).argument("<delivery>", "number of the delivery", idOf);

function listDeliveriesCommand(host: CommandHost, hooks: HookPlace): Command {
  const declare = (command: Command) => withHook(command).option("--before <delivery>", "only older ones", idOf);
  const about = { name: "list", description: "list deliveries, the newest first", declare };
  return hookCommand<[number], { before?: number }>(
    host,
    hooks,
    about,
    ({ operations, place, args: [id], options }) => {
      const input = { ...place, id, ...(options.before === undefined ? {} : { before: options.before }) };
      return printList(host.output, options, operations.list<Delivery>("listDeliveries", input), {
        data: (delivery) => delivery,
        line: ({ id: number, created_at, event, event_id, state, status }) =>
          [number, created_at, event, event_id, state, status ?? "-"].join("\t"),
      });
    },
  );
}

function showDeliveryCommand(host: CommandHost, hooks: HookPlace): Command {
  const about = { name: "show", description: "show a delivery with the answer to it", declare: withDelivery };
  return hookCommand<[number, number]>(host, hooks, about, async ({ operations, place, args, options }) => {
    const [id, wanted] = args;
    const input = { ...place, id, before: wanted + 1, limit: 1 };
    const [found] = await Array.fromAsync(operations.list<Delivery>("listDeliveries", input));
    if (found?.id !== wanted) throw new CommandFailure(`webhook ${id} has no delivery ${wanted}`);
    await printData(host.output, options, found, () => factsOf(found));
  });
}

function redeliverCommand(host: CommandHost, hooks: HookPlace): Command {
  const about = { name: "redeliver", description: "send a delivery once more", declare: withDelivery };
  return hookCommand<[number, number]>(host, hooks, about, async ({ operations, place, args, options }) => {
    const [id, delivery] = args;
    const again = await operations.call<Delivery>("redeliverDelivery", { ...place, id, delivery });
    await printData(host.output, options, again, () => [`delivery ${delivery} is sent once more`]);
  });
}

const factsOf = ({ response, error, ...facts }: Delivery): string[] =>
  factLines({
    ...facts,
    ...(response === undefined ? {} : { response: shownLine(response) }),
    ...(error === undefined ? {} : { error: shownLine(error) }),
  });
