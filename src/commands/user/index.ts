import { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { addKey, removeKey } from "../key/keys.ts";
import { printData, printList } from "../print.ts";
import { onOff } from "../on-off.ts";
import { simpleCommand } from "../simple-command.ts";
import { createUserCommand } from "./create.ts";
import { userInfoCommand } from "./info.ts";
import { describeUser, type User } from "./user-data.ts";

/** `user …`. */
export function userCommands(host: CommandHost): Command {
  return new Command("user")
    .description("create, list, show, change and delete users")
    .addCommand(createUserCommand(host))
    .addCommand(listUsersCommand(host))
    .addCommand(userInfoCommand(host))
    .addCommand(deleteUserCommand(host))
    .addCommand(setAdminCommand(host))
    .addCommand(setUsernameCommand(host))
    .addCommand(
      aboutUser(host, "add-pubkey", "add an SSH key to a user")
        .argument("<key...>", "a line such as: ssh-ed25519 AAAA… comment")
        .action((user: string, key: string[], options: CommandOptions) => addKey(host, { user }, key, options)),
    )
    .addCommand(
      aboutUser(host, "remove-pubkey", "remove an SSH key from a user")
        .argument("<key...>", "its fingerprint, its id, or the line that was added")
        .action((user: string, key: string[], options: CommandOptions) => removeKey(host, { user }, key, options)),
    );
}

const aboutUser = (host: CommandHost, name: string, description: string): Command =>
  simpleCommand(host, name, description).argument("<user>", "name of the user");

function listUsersCommand(host: CommandHost): Command {
  return simpleCommand(host, "list", "list users").action((options: CommandOptions) =>
    host.use(options, (operations) =>
      printList(host.output, options, operations.list<User>("listUsers", {}), {
        data: describeUser,
        line: ({ name }) => name,
      }),
    ),
  );
}

function deleteUserCommand(host: CommandHost): Command {
  return aboutUser(host, "delete", "delete a user with keys and tokens; the repositories stay").action(
    async (user: string, options: CommandOptions) => {
      await host.use(options, (operations) => operations.call("deleteUser", { user }));
      await printData(host.output, options, { name: user }, () => [`deleted ${user}`]);
    },
  );
}

function setAdminCommand(host: CommandHost): Command {
  return aboutUser(host, "set-admin", "make a user an administrator, or no longer one")
    .argument("[true|false]", "true when left out", onOff, true)
    .action(async (user: string, isAdmin: boolean, options: CommandOptions) => {
      await host.use(options, (operations) => operations.call("setUserAdmin", { user, isAdmin }));
      await printData(host.output, options, { name: user, is_admin: isAdmin }, () => [
        isAdmin ? `${user} is an administrator` : `${user} is no administrator`,
      ]);
    });
}

function setUsernameCommand(host: CommandHost): Command {
  return aboutUser(host, "set-username", "give a user another name; the repositories keep theirs")
    .argument("<new-name>", "name that the user shall have")
    .action(async (user: string, newName: string, options: CommandOptions) => {
      await host.use(options, (operations) => operations.call("renameUser", { user, newName }));
      await printData(host.output, options, { name: newName }, () => [`renamed ${user} to ${newName}`]);
    });
}
