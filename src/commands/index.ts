import type { Command } from "commander";
import type { CommandHost } from "./command-host.ts";
import { keyCommands, pubkeyCommands } from "./key/index.ts";
import { repoCommands } from "./repo/index.ts";
import { sessionCommands } from "./session/index.ts";
import { settingsCommands } from "./settings/index.ts";
import { tokenCommands } from "./token/index.ts";
import { userCommands } from "./user/index.ts";
import { webhookCommands } from "./webhook/index.ts";
import { ownInfoCommand, ownUsernameCommand } from "./user/own.ts";

/** Commands that are the same on the server and over SSH, but for `repo`, to which the server adds. */
export const commandsOfBothPlaces = (host: CommandHost): Command[] => [
  userCommands(host),
  keyCommands(host),
  tokenCommands(host),
  sessionCommands(host),
  settingsCommands(host),
  webhookCommands(host, "server"),
];

/** All commands over SSH, those about the caller's own account among them. */
export const commandsOverSsh = (host: CommandHost): Command[] => [
  ownInfoCommand(host),
  repoCommands(host),
  ...commandsOfBothPlaces(host),
  pubkeyCommands(host),
  ownUsernameCommand(host),
];
