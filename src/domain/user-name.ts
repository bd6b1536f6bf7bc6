import { problemOfRepositoryName } from "./repository-name.ts";

const NAME_LENGTH_MAX = 64;

/** Names of callers who have no account. */
const RESERVED = new Set(["anonymous", "control", "service"]);

/** What is wrong with a name that somebody wants for an account, or undefined. It also is the first segment of repositories' names. */
export function problemOfUserName(name: string): string | undefined {
  if (name.length > NAME_LENGTH_MAX) return `is longer than ${NAME_LENGTH_MAX} characters`;
  if (name.includes("/")) return "contains a slash";
  if (RESERVED.has(name)) return "is reserved";
  return problemOfRepositoryName(name);
}
