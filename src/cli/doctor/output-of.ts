const TIMEOUT_MS = 10_000;

/** What a program prints, or undefined when it is missing or fails. */
export function outputOf(...argv: string[]): string | undefined {
  try {
    const result = Bun.spawnSync(argv, { stdout: "pipe", stderr: "ignore", stdin: "ignore", timeout: TIMEOUT_MS });
    return result.exitCode === 0 ? result.stdout.toString().trim() : undefined;
  } catch {
    return undefined;
  }
}
