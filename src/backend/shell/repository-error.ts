import { OperationError } from "../../domain/errors.ts";

/** The exit code of git's die(). */
const DIED = 128;

/** The first thing that git died of; the lines that go on with it are indented. */
const FATAL = /^fatal: (.*(?:\n\t.*)*)/m;

/** What git says of a directory, a configuration or a format that it cannot take for a repository. `.` is how we name it. */
const INVALID = [
  /^not a git repository: '\.'/,
  /^bad config line \d+ in file /,
  /^bad (?:boolean|numeric) config value /,
  /^unknown repository extensions? found:/,
  /^repo version is 0, but v1-only extensions? found:/,
  /^Expected git repo version /,
];

/** `repository_invalid`, when that is what git died of. */
export function invalidRepository(
  exitCode: number,
  stderr: string,
  context: Readonly<Record<string, unknown>>,
): OperationError | undefined {
  const fatal = exitCode === DIED ? FATAL.exec(stderr)?.[1] : undefined;
  if (fatal === undefined || !INVALID.some((pattern) => pattern.test(fatal))) return undefined;
  return new OperationError("repository_invalid", { problem: fatal.replace(/\s+/g, " ") }, { context });
}
