/** Git's programs that a client may ask for over SSH. */
export type GitService = "upload-pack" | "receive-pack" | "upload-archive";

/** A request for one of them. */
export interface GitCommand {
  readonly service: GitService;
  /** The repository as the client names it; absent where it names none, or says more than that. */
  readonly path: string | undefined;
}

const SERVICES: readonly string[] = ["upload-pack", "receive-pack", "upload-archive"] satisfies GitService[];

/** Reads `git-upload-pack '/alice/myrepo'` and `git upload-pack …`; undefined for what is no command of git's. */
export function gitCommandOf(words: readonly string[]): GitCommand | undefined {
  const [first = "", second = ""] = words;
  const [name, rest] = first === "git" ? [second, words.slice(2)] : [first.replace(/^git-/, ""), words.slice(1)];
  const named = first === "git" || first.startsWith("git-");
  if (!named || !SERVICES.includes(name)) return undefined;
  // `--strict` and `--timeout=` are for a git that runs on the server's side of a shell.
  const operands = rest[0] === "--" ? rest.slice(1) : rest;
  return { service: name as GitService, path: operands.length === 1 ? operands[0] : undefined };
}
