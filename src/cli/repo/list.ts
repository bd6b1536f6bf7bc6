import type { Command } from "commander";
import { withServer } from "../connection.ts";
import { configOf } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import { describeTarget, repoCommand, type RepoOptions, type Target } from "./target.ts";

/** `holdfast repo list`. */
export function listCommand(terminal: Terminal): Command {
  return repoCommand("list", "list repositories").action(async (options: RepoOptions) => {
    const input = { storage: options.storage };
    const found = await withServer(configOf(options, terminal), (server) =>
      Array.fromAsync(server.list<Target>("listRepositories", input)),
    );
    const repositories = found.map(describeTarget);
    printData(terminal, options.json === true, repositories, () => repositories.map(({ name }) => name));
  });
}
