import { existsSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { type Config, loadConfig, type SettingName } from "../config.ts";
import { flag, type Setting } from "../config/setting.ts";
import { SETTINGS } from "../config/settings.ts";
import type { Terminal } from "./terminal.ts";

/** Options as commander gives them: the setting's name, or `config`. */
export type SettingsOptions = Readonly<Partial<Record<SettingName | "config", string>>>;

/** Adds flags for settings; all that work when none are named. */
export function addSettingsOptions(command: Command, names?: readonly SettingName[]): Command {
  const all = Object.entries<Setting<unknown>>(SETTINGS) as [SettingName, Setting<unknown>][];
  for (const [name, setting] of all) {
    if (names === undefined ? setting.later !== undefined : !names.includes(name)) continue;
    const shown = setting.default === "" ? "" : ` (default: ${setting.default})`;
    command.option(`${flag(name)} <value>`, `${setting.meaning}${shown}`);
  }
  return command.option("--config <file>", "configuration file (default: <data>/holdfast.toml)");
}

/** The configuration that a command runs with; warnings go to the terminal. */
export function configOf(options: SettingsOptions, terminal: Terminal): Config {
  const { config: configFile, ...flags } = options;
  const names = Object.keys(SETTINGS);
  const given = Object.fromEntries(Object.entries(flags).filter(([name]) => names.includes(name)));
  const { config, warnings } = loadConfig({
    flags: given,
    env: process.env,
    cwd: process.cwd(),
    configFile,
    readFile: (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
  });
  for (const warning of warnings) terminal.remark(`holdfast: warning: ${warning}`);
  return config;
}
