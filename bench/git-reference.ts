/** Nothing of the account's configuration reaches the references. */
const ENVIRONMENT = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Jane Doe",
  GIT_AUTHOR_EMAIL: "jane@example.com",
  GIT_COMMITTER_NAME: "Jane Doe",
  GIT_COMMITTER_EMAIL: "jane@example.com",
  LC_ALL: "C",
};

/** Runs git as a process of its own, its output thrown away: what a row is measured against. */
export function runGit(gitDir: string, args: readonly string[], stdin?: string): void {
  const { exitCode, stderr } = Bun.spawnSync(["git", "-C", gitDir, ...args], {
    env: ENVIRONMENT,
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: "ignore",
    stderr: "pipe",
  });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr.toString()}`);
}

/** Runs git and answers its output, one string for each line. */
export function gitLines(gitDir: string, args: readonly string[], stdin?: string): string[] {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["git", "-C", gitDir, ...args], {
    env: ENVIRONMENT,
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr.toString()}`);
  return stdout.toString("latin1").split("\n").filter(Boolean);
}
