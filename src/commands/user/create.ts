import type { Command } from "commander";
import type { CommandHost, CommandOptions, OperationRunner } from "../command-host.ts";
import { printData } from "../print.ts";
import { simpleCommand } from "../simple-command.ts";
import { textOfWords, wordsValue } from "../text-words.ts";
import { describeUser, type User } from "./user-data.ts";

interface CreateOptions extends CommandOptions {
  readonly admin?: true;
  readonly key?: string | readonly string[];
  readonly displayName?: string | readonly string[];
  readonly email?: string;
}

/** `user create NAME`. */
export function createUserCommand(host: CommandHost): Command {
  const words = wordsValue(host);
  return simpleCommand(host, "create", "create a user")
    .argument("<user>", "name; also the first part of the names of the user's repositories")
    .option("-a, --admin", "who may administer the server")
    .option(`-k, --key ${words}`, "an SSH key: a line such as ssh-ed25519 AAAA… comment")
    .option(`--display-name ${words}`, "name as people write it")
    .option("--email <address>", "mail address")
    .action(async (name: string, options: CreateOptions) => {
      const { admin, key, displayName, email } = options;
      const input = {
        name,
        isAdmin: admin === true,
        ...(displayName === undefined ? {} : { displayName: textOfWords(displayName) }),
        ...(email === undefined ? {} : { email }),
      };
      const user = await host.use(options, async (operations) => {
        const created = await operations.call<User>("createUser", input);
        if (key !== undefined) await addFirstKey(operations, name, textOfWords(key));
        return created;
      });
      await printData(host.output, options, describeUser(user), () => [`created ${user.name}`]);
    });
}

/** A user who cannot have his key is not made. */
async function addFirstKey(operations: OperationRunner, user: string, key: string): Promise<void> {
  try {
    await operations.call("addKey", { user, key });
  } catch (error) {
    await operations.call("deleteUser", { user });
    throw error;
  }
}
