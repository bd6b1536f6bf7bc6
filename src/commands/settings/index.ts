import { Argument, Command } from "commander";
import { ACCESS_LEVELS } from "../../domain/access-level.ts";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { onOff } from "../on-off.ts";
import { factLines, printData } from "../print.ts";
import { simpleCommand } from "../simple-command.ts";

interface Settings {
  readonly anonAccess: string;
  readonly allowKeyless: boolean;
  readonly configured: readonly string[];
}

/** `settings …`: what can be changed while the server runs. */
export function settingsCommands(host: CommandHost): Command {
  return new Command("settings")
    .description("show and change settings of the running server")
    .addCommand(showSettingsCommand(host))
    .addCommand(
      simpleCommand(host, "anon-access", "what callers without credentials may do: show it, or set it")
        .addArgument(new Argument("[level]", "the level that it shall be").choices(ACCESS_LEVELS))
        .action((level: string | undefined, options: CommandOptions) =>
          showOrSet(host, options, level === undefined ? undefined : { anonAccess: level }, ({ anonAccess }) => ({
            anon_access: anonAccess,
          })),
        ),
    )
    .addCommand(
      simpleCommand(host, "allow-keyless", "may callers without keys and tokens do anything: show it, or set it")
        .argument("[true|false]", "what it shall be", onOff)
        .action((allow: boolean | undefined, options: CommandOptions) =>
          showOrSet(host, options, allow === undefined ? undefined : { allowKeyless: allow }, ({ allowKeyless }) => ({
            allow_keyless: allowKeyless,
          })),
        ),
    );
}

function showSettingsCommand(host: CommandHost): Command {
  return simpleCommand(host, "show", "show the settings").action(async (options: CommandOptions) => {
    const settings = await host.use(options, (operations) => operations.call<Settings>("showSettings", {}));
    const { anonAccess, allowKeyless, configured } = settings;
    const values = { anon_access: anonAccess, allow_keyless: allowKeyless };
    await printData(host.output, options, { ...values, configured }, () =>
      factLines({ anon_access: anonAccess, allow_keyless: String(allowKeyless) }),
    );
  });
}

async function showOrSet(
  host: CommandHost,
  options: CommandOptions,
  change: object | undefined,
  pick: (settings: Settings) => object,
): Promise<void> {
  const settings = await host.use(options, (operations) =>
    change === undefined
      ? operations.call<Settings>("showSettings", {})
      : operations.call<Settings>("changeSetting", change),
  );
  const picked = pick(settings);
  await printData(host.output, options, picked, () => Object.values(picked).map(String));
}
