import { basename } from "node:path";
import type { Command } from "commander";
import type { CommandHost, CommandOptions, OperationRunner } from "../../commands/command-host.ts";
import { printData } from "../../commands/print.ts";
import { describeTarget, newTarget, repoCommand, type Target } from "../../commands/repo/target.ts";
import type { Terminal } from "../terminal.ts";
import { findSource, type Source } from "./source.ts";

/** `holdfast repo import PATH [NAME]`. */
export function importCommand(host: CommandHost, terminal: Terminal): Command {
  return repoCommand(host, "import", "copy a repository on this machine into a new one")
    .argument("<path>", "a clone or a bare repository")
    .argument("[repo]", "full name; the folder's name when left out")
    .action(async (path: string, given: string | undefined, options: CommandOptions) => {
      const source = findSource(path);
      const name = given ?? basename(source.folder).replace(/\.git$/, "");
      const repository = newTarget(name, options);
      await host.use(options, (operations) => importFrom(operations, source, repository, terminal));
      const data = { ...describeTarget(repository), object_format: source.objectFormat };
      await printData(host.output, options, data, () => [`imported ${name}`]);
    });
}

/** Makes the repository and fills it; takes it away again when that fails. */
async function importFrom(
  operations: OperationRunner,
  source: Source,
  repository: Target,
  terminal: Terminal,
): Promise<void> {
  await operations.call("createRepository", { repository, objectFormat: source.objectFormat });
  try {
    const input = { repository, sourceDir: source.gitDir };
    for await (const { line } of operations.list<{ line: string }>("importRepository", input)) terminal.progress(line);
    terminal.settle();
  } catch (error) {
    await operations.call("removeRepository", { repository });
    throw error;
  }
}
