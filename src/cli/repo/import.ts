import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { CommandFailure } from "../../commands/failure.ts";
import type { CommandHost, CommandOptions, OperationRunner } from "../../commands/command-host.ts";
import { printData } from "../../commands/print.ts";
import { describeTarget, newTarget, repoCommand, type Target } from "../../commands/repo/target.ts";
import type { Terminal } from "../terminal.ts";
import { findSource, type Source } from "./source.ts";

/** An address on another server, and no path. */
const URL_PATTERN = /^[a-z][a-z0-9+.-]*:\/\//i;

/** `holdfast repo import PATH|URL [NAME]`. */
export function importCommand(host: CommandHost, terminal: Terminal): Command {
  return repoCommand(host, "import", "copy a repository on this machine, or on another server, into a new one")
    .argument("<source>", "a clone or a bare repository; or https://…, ssh://…, git://…")
    .argument("[repo]", "full name; the folder's name when left out")
    .option("--username <name>", "user on the other server; the password or token is read from standard input")
    .option("--password-stdin", "read a password or token from standard input")
    .option("--ssh-key <file>", "private key without a passphrase")
    .option("--known-hosts <file>", "the other server's keys; absent: the one it shows is taken")
    .action(async (path: string, given: string | undefined, options: ImportOptions) => {
      if (URL_PATTERN.test(path)) return importUrl(host, terminal, path, given, options);
      const source = findSource(path);
      const name = given ?? basename(source.folder).replace(/\.git$/, "");
      const repository = newTarget(name, options);
      await host.use(options, (operations) => importFrom(operations, source, repository, terminal));
      const data = { ...describeTarget(repository), object_format: source.objectFormat };
      await printData(host.output, options, data, () => [`imported ${name}`]);
    });
}

interface ImportOptions extends CommandOptions {
  readonly username?: string;
  readonly passwordStdin?: true;
  readonly sshKey?: string;
  readonly knownHosts?: string;
}

/** Copies a repository of another server. Nothing is left of one that fails. */
async function importUrl(
  host: CommandHost,
  terminal: Terminal,
  url: string,
  given: string | undefined,
  options: ImportOptions,
): Promise<void> {
  const name = given ?? nameIn(url);
  const repository = newTarget(name, options);
  const { knownHosts } = options;
  const credential = credentialOf(options);
  const input = {
    repository,
    url,
    ...(credential === undefined ? {} : { credential }),
    ...(knownHosts === undefined ? {} : { knownHosts: readFileSync(knownHosts, "utf8") }),
  };
  await host.use(options, async (operations) => {
    for await (const { line } of operations.list<{ line: string }>("cloneRepository", input)) terminal.progress(line);
    terminal.settle();
  });
  await printData(host.output, options, describeTarget(repository), () => [`imported ${name}`]);
}

/** The last part of the path, without `.git`. */
function nameIn(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : "";
  const name = basename(path).replace(/\.git$/, "");
  if (name === "") throw new CommandFailure("give the new repository a name");
  return name;
}

/** Secrets come in files and on standard input: what is typed as an argument is seen by everybody on the machine. */
function credentialOf({ username, passwordStdin, sshKey }: ImportOptions): object | undefined {
  if (sshKey !== undefined) return { sshKey: readFileSync(sshKey, "utf8") };
  if (username === undefined && passwordStdin === undefined) return undefined;
  const password = readFileSync(process.stdin.fd, "utf8").replace(/\r?\n$/, "");
  return { password, ...(username === undefined ? {} : { username }) };
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
