import type { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { factLines, printData } from "../print.ts";
import { simpleCommand } from "../simple-command.ts";

interface Self {
  readonly kind: string;
  readonly name: string;
  readonly isAdmin: boolean;
  /** What the caller may do with public repositories of others. */
  readonly access: string;
  readonly keys: readonly string[];
}

/** `info`: who the caller is. */
export function ownInfoCommand(host: CommandHost): Command {
  return simpleCommand(host, "info", "show who you are").action(async (options: CommandOptions) => {
    const { kind, name, isAdmin, access, keys } = await host.use(options, (operations) =>
      operations.call<Self>("whoAmI", {}),
    );
    const data = { name, kind, is_admin: isAdmin, access, keys };
    await printData(host.output, options, data, () => [
      ...factLines({ name, kind, administrator: isAdmin, access, keys: keys.length }),
      ...keys.map((fingerprint) => `  ${fingerprint}`),
    ]);
  });
}

/** `set-username NAME`: gives the caller another name. */
export function ownUsernameCommand(host: CommandHost): Command {
  return simpleCommand(host, "set-username", "give yourself another name; your repositories keep theirs")
    .argument("<new-name>", "name that you shall have")
    .action(async (newName: string, options: CommandOptions) => {
      const { name } = await host.use(options, (operations) =>
        operations.call<{ name: string }>("renameUser", { newName }),
      );
      await printData(host.output, options, { name }, () => [`you are ${name} now`]);
    });
}
