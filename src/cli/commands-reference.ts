import type { Argument, Command, Option } from "commander";
import type { CommandHost } from "../commands/command-host.ts";
import { commandsOverSsh } from "../commands/index.ts";
import { flag } from "../config/setting.ts";
import { SETTINGS } from "../config/settings.ts";
import { commandsOnServer } from "./program.ts";
import type { Terminal } from "./terminal.ts";

const HEAD = `# Commands

Made by \`npm run generate\` from \`src/commands/\` and \`src/cli/\`.

On the server they are typed as \`holdfast COMMAND …\`, and may do everything; they reach the running server through the data directory's
control socket, or do the work themselves when no server runs. Elsewhere they are typed as \`ssh -p 23231 HOST COMMAND …\`, and may do what
the user may whose key is shown. \`help COMMAND\` tells the same as this page.

\`--json\` prints one JSON value on everything that prints data; without it people read lines. An error is one line on stderr; the exit code is 1, and
2 where the command was called the wrong way. ssh joins the words of a command with spaces, so that quotes which the client's own shell has taken
away do not arrive: over SSH, options that are a text (\`--description\`) take all words up to the next option, and are best put last.

Every command about repositories also has \`--storage NAME\`, and every one on the server \`--data DIRECTORY\` and
\`--config FILE\`; \`serve\` has a flag for each setting ([settings](settings.md)).
`;

/** Options that are told of once, above, or among the settings. */
const EVERYWHERE = new Set(["--json", "--storage", "--config", ...Object.keys(SETTINGS).map((name) => flag(name))]);

interface Leaf {
  readonly command: Command;
  readonly places: readonly string[];
}

/** The reference of all commands as Markdown. */
export function commandsReference(): string {
  const leaves = new Map<string, Leaf>();
  const add = (place: string, commands: readonly Command[]) => {
    for (const [path, command] of commands.flatMap((each) => leavesOf("", each)))
      leaves.set(path, { command, places: [...(leaves.get(path)?.places ?? []), place] });
  };
  add("SSH", commandsOverSsh(hostFor("ssh")));
  add("server", commandsOnServer(hostFor("server"), NO_TERMINAL));
  const paths = [...leaves.keys()].toSorted();
  return [HEAD, ...paths.map((path) => sectionOf(path, leaves.get(path)!)), ""].join("\n").replace(/\n+$/, "\n");
}

/** Commands that have no commands below them, by all the words that are typed. */
function leavesOf(before: string, command: Command): [string, Command][] {
  const path = `${before}${command.name()}`;
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((child) => leavesOf(`${path} `, child));
}

function sectionOf(path: string, { command, places }: Leaf): string {
  const where = places.length === 2 ? "server and SSH" : places[0] === "SSH" ? "SSH only" : "server only";
  const aliases = command.aliases().map((alias) => `also \`${alias}\``);
  const lines = [
    ...command.registeredArguments.map((argument) => rowOf(argumentText(argument), argument.description, argument)),
    ...command.options
      .filter((option) => !EVERYWHERE.has(option.long ?? ""))
      .map((option) => rowOf(option.flags, option.description, option)),
  ];
  const usage = command.usage().replace(/^\[options\] ?/, "");
  return [
    `## \`${`${path} ${usage}`.trim()}\``,
    "",
    `${capital(command.description())} (${[where, ...aliases].join("; ")}).`,
    ...(lines.length === 0 ? [] : ["", ...lines]),
    "",
  ].join("\n");
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function rowOf(text: string, description: string, { argChoices, defaultValue }: Argument | Option): string {
  const choices = argChoices === undefined ? "" : ` One of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}.`;
  const shown = typeof defaultValue === "string" && defaultValue !== "" ? ` Default: \`${defaultValue}\`.` : "";
  return `- \`${text}\`: ${description}.${choices}${shown}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Nothing is run for the reference. */
function hostFor(place: CommandHost["place"]): CommandHost {
  return {
    place,
    output: { line: async () => {}, bytes: async () => {} },
    nowMs: () => 0,
    prepare: (command) => command,
    use: () => Promise.reject(new Error("nothing runs here")),
    confirm: () => false,
  };
}

const NO_TERMINAL: Terminal = {
  isTerminal: false,
  print() {},
  async write() {},
  async flush() {},
  remark() {},
  progress() {},
  settle() {},
};
