/** What git printed, and how it ended. */
export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ENVIRONMENT = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "Jane Doe",
  GIT_AUTHOR_EMAIL: "jane@example.com",
  GIT_COMMITTER_NAME: "Jane Doe",
  GIT_COMMITTER_EMAIL: "jane@example.com",
};

/** Starts git's client as a user would, without anything of the account's configuration. */
export function startGit(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return Bun.spawn(["git", ...args], {
    cwd,
    env: { ...ENVIRONMENT, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs git's client to its end, however it ends. */
export async function git(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<GitResult> {
  const child = startGit(cwd, args, env);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Runs git's client and gives what it printed. Throws when it fails. */
export async function gitOutput(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, stdout, stderr } = await git(cwd, args, env);
  if (code !== 0) throw new Error(`git ${args.join(" ")}: exit code ${code}: ${stderr}`);
  return stdout.trim();
}
