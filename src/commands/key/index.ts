import { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { simpleCommand } from "../simple-command.ts";
import { addKey, listKeys, removeKey } from "./keys.ts";

const KEY = "a line such as: ssh-ed25519 AAAA… comment";
const KEY_TO_REMOVE = "its fingerprint, its id, or the line that was added";

/** `key …`: SSH keys of any user. */
export function keyCommands(host: CommandHost): Command {
  return new Command("key")
    .description("add, list and remove users' SSH keys")
    .addCommand(
      simpleCommand(host, "add", "add an SSH key to a user")
        .argument("<user>", "name of the user")
        .argument("<key...>", KEY)
        .action((user: string, key: string[], options: CommandOptions) => addKey(host, { user }, key, options)),
    )
    .addCommand(
      simpleCommand(host, "list", "list a user's SSH keys")
        .argument("<user>", "name of the user")
        .action((user: string, options: CommandOptions) => listKeys(host, { user }, options)),
    )
    .addCommand(
      simpleCommand(host, "remove", "remove an SSH key from a user; what is open with it ends")
        .argument("<user>", "name of the user")
        .argument("<key...>", KEY_TO_REMOVE)
        .action((user: string, key: string[], options: CommandOptions) => removeKey(host, { user }, key, options)),
    );
}

/** `pubkey …`: the caller's own SSH keys. */
export function pubkeyCommands(host: CommandHost): Command {
  return new Command("pubkey")
    .description("add, list and remove your SSH keys")
    .addCommand(
      simpleCommand(host, "add", "add an SSH key")
        .argument("<key...>", KEY)
        .action((key: string[], options: CommandOptions) => addKey(host, {}, key, options)),
    )
    .addCommand(
      simpleCommand(host, "list", "list your SSH keys").action((options: CommandOptions) =>
        listKeys(host, {}, options),
      ),
    )
    .addCommand(
      simpleCommand(host, "remove", "remove an SSH key; what is open with it ends")
        .argument("<key...>", KEY_TO_REMOVE)
        .action((key: string[], options: CommandOptions) => removeKey(host, {}, key, options)),
    );
}
