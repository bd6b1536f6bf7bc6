import { Command } from "commander";
import { EVENTS_BEGIN, EVENTS_EXPIRED } from "../domain/event-names.ts";
import { withRunningServer, withServer } from "./connection.ts";
import { CommandFailure, UsageFailure } from "../commands/failure.ts";
import { addSettingsOptions, configOf, type SettingsOptions } from "./settings-options.ts";
import type { Terminal } from "./terminal.ts";

interface EventsOptions extends SettingsOptions {
  readonly since?: string;
  readonly limit?: string;
  readonly follow?: true;
  readonly admin?: true;
  readonly json?: true;
}

interface Event {
  readonly event_id: string;
  readonly event: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `holdfast events`: what has happened, and with `--follow` what happens. */
export function eventsCommand(terminal: Terminal): Command {
  const command = new Command("events").description("show events, oldest first");
  command.option("--since <number>", "go on behind this event; the oldest that is kept is the default");
  command.option("--limit <count>", "so many at most; not with --follow");
  command.option("--follow", "then wait for more, until interrupted");
  command.option("--admin", "changes of users, keys, tokens, protections and settings as well");
  command.option("--json", "print each event as a line of JSON");
  addSettingsOptions(command, ["data", "storages", "backend"]);
  return command.action(async (options: EventsOptions) => {
    const input = inputOf(options);
    const config = configOf(options, terminal);
    const show = (event: Event) => {
      if (event.event === EVENTS_BEGIN) return;
      if (event.event === EVENTS_EXPIRED)
        terminal.remark(`holdfast: events before ${String(event.data["oldest"])} are not kept`);
      else terminal.print(options.json === true ? JSON.stringify(event) : lineOf(event));
    };
    if (options.follow === true) {
      await withRunningServer(config, async (server) => {
        const from = { ...input, since: input.since ?? "0" };
        try {
          for await (const event of server.list<Event>("watchEvents", from)) show(event);
        } catch (error) {
          if (error instanceof Error && "code" in error && error.code === "ECONNRESET")
            throw new CommandFailure("the server has stopped");
          throw error;
        }
      });
    } else {
      await withServer(config, async (server) => {
        for await (const event of server.list<Event>("listEvents", input)) show(event);
      });
    }
  });
}

function inputOf({ since, limit, follow, admin }: EventsOptions) {
  if (since !== undefined && !/^\d{1,19}$/.test(since)) throw new UsageFailure("--since takes the number of an event");
  if (limit !== undefined && !/^\d{1,9}$/.test(limit)) throw new UsageFailure("--limit takes a count");
  if (limit !== undefined && follow === true) throw new UsageFailure("--limit and --follow exclude each other");
  return {
    ...(since === undefined ? {} : { since }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(admin === true ? { admin } : {}),
  };
}

/** An event for a person: number, time, name, and its facts but for those that are long. */
function lineOf({ event_id, event, timestamp, data }: Event): string {
  const facts = Object.entries(data)
    .filter(([, value]) => typeof value !== "object" && value !== "")
    .map(([name, value]) => `${name}=${String(value)}`);
  return [event_id, timestamp, event, ...facts].join(" ");
}
