import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { describeKey, type Key } from "../key/key-data.ts";
import { factLines, printData } from "../print.ts";
import { simpleCommand } from "../simple-command.ts";
import { shownLine } from "../text.ts";
import { describeUser, type User } from "./user-data.ts";

/** `user info NAME`. */
export function userInfoCommand(host: CommandHost): Command {
  return simpleCommand(host, "info", "show a user")
    .argument("<user>", "name of the user")
    .action(async (name: string, options: CommandOptions) => {
      const [user, keys] = await host.use(options, async (operations) => {
        const found = await operations.call<User>("showUser", { user: name });
        return [found, await Array.fromAsync(operations.list<Key>("listKeys", { user: name }))];
      });
      const described = describeUser(user);
      await printData(host.output, options, { ...described, keys: keys.map(describeKey) }, () => [
        ...factLines({
          ...described,
          display_name: shownLine(user.displayName),
          email: shownLine(user.email),
          keys: keys.length,
        }),
        ...keys.map(({ line }) => `  ${shownLine(line)}`),
      ]);
    });
}
