import { basename } from "node:path";
import type { Command } from "commander";
import type { ControlClient } from "../../transports/control/client.ts";
import { withServer } from "../connection.ts";
import { configOf } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import { findSource, type Source } from "./source.ts";
import { describeTarget, newTarget, repoCommand, type RepoOptions, type Target } from "./target.ts";

/** `holdfast repo import PATH [NAME]`. */
export function importCommand(terminal: Terminal): Command {
  return repoCommand("import", "copy a repository on this machine into a new one")
    .argument("<path>", "a clone or a bare repository")
    .argument("[name]", "full name; the folder's name when left out")
    .action(async (path: string, given: string | undefined, options: RepoOptions) => {
      const source = findSource(path);
      const name = given ?? basename(source.folder).replace(/\.git$/, "");
      const repository = newTarget(name, options.storage);
      await withServer(configOf(options, terminal), (server) => importFrom(server, source, repository, terminal));
      const data = { ...describeTarget(repository), object_format: source.objectFormat };
      printData(terminal, options.json === true, data, () => [`imported ${name}`]);
    });
}

/** Makes the repository and fills it; takes it away again when that fails. */
async function importFrom(
  server: ControlClient,
  source: Source,
  repository: Target,
  terminal: Terminal,
): Promise<void> {
  await server.call("createRepository", { repository, objectFormat: source.objectFormat });
  try {
    const input = { repository, sourceDir: source.gitDir };
    for await (const { line } of server.list<{ line: string }>("importRepository", input)) terminal.progress(line);
    terminal.settle();
  } catch (error) {
    await server.call("removeRepository", { repository });
    throw error;
  }
}
