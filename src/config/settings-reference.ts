import { fileKey, flag, type Setting, variable } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

const HEAD = `# Settings

Made by \`npm run generate\` from \`src/config/settings.ts\`.

A flag wins over the environment, the environment over the file, the file over the default. The file is \`holdfast.toml\` in the
data directory, or the one that \`--config FILE\` (or \`HOLDFAST_CONFIG\`) names. Sizes may be written with a unit: \`100 MiB\`. Ports: \`0\` is a
free one, \`off\` keeps the door closed. All mistakes are reported at once.
`;

/** The reference of all settings as Markdown. */
export function settingsReference(): string {
  const all = Object.entries<Setting<unknown>>(SETTINGS);
  const working = all.filter(([, setting]) => setting.later === undefined);
  const later = all.filter(([, setting]) => setting.later !== undefined);
  return [
    HEAD,
    "| key in the file | variable | flag | default | meaning |",
    "|---|---|---|---|---|",
    ...working.map(([name, setting]) => row(name, setting)),
    "",
    "Known, but without effect so far. Setting one of them gives a warning; those marked with * are refused.",
    "",
    "| key in the file | variable | meaning |",
    "|---|---|---|",
    ...later.map(([name, setting]) => laterRow(name, setting)),
    "",
  ].join("\n");
}

function row(name: string, setting: Setting<unknown>): string {
  const shown = setting.default === "" ? "" : `\`${setting.default}\``;
  return `| \`${fileKey(name)}\` | ${variables(name, setting)} | \`${flag(name)}\` | ${shown} | ${escaped(setting.meaning)} |`;
}

function laterRow(name: string, setting: Setting<unknown>): string {
  const mark = setting.later === "refused" ? "*" : "";
  return `| \`${fileKey(name)}\`${mark} | ${variables(name, setting)} | ${escaped(setting.meaning)} |`;
}

function variables(name: string, setting: Setting<unknown>): string {
  return [...(setting.aliases ?? []), variable(name)].map((each) => `\`${each}\``).join(", ");
}

const escaped = (meaning: string): string => meaning.replaceAll("|", "\\|");
