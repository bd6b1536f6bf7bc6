/** First segments that are doors; names made by people must not hide them. */
const RESERVED = new Set([
  "api",
  "assets",
  "docs",
  "git",
  "graphql",
  "health",
  "login",
  "mcp",
  "metrics",
  "openapi.json",
  "v1",
  "ws",
]);

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const NAME_LENGTH_MAX = 255;

/** Is this first segment of an address a door of the server? */
export const isReservedSegment = (segment: string): boolean => RESERVED.has(segment);

/** What is wrong with a full name such as `alice/myrepo` that a person wants to give, or undefined. */
export function problemOfRepositoryName(name: string): string | undefined {
  if (name.length > NAME_LENGTH_MAX) return `is longer than ${NAME_LENGTH_MAX} characters`;
  const segments = name.split("/");
  const wrong = segments.find((segment) => !SEGMENT.test(segment));
  if (wrong !== undefined)
    return `has a segment that is not letters, digits, ".", "_" and "-": ${JSON.stringify(wrong)}`;
  if (segments.some((segment) => segment.endsWith(".git"))) return "has a segment that ends with .git";
  if (segments.some((segment) => segment.endsWith(".lock"))) return "has a segment that ends with .lock";
  if (segments.some((segment) => segment.endsWith(".") || segment.includes("..")))
    return "has dots that file names must not have";
  if (isReservedSegment(segments[0] ?? "")) return `begins with the reserved word ${segments[0]}`;
  return undefined;
}

/** Where the repository of a full name lies: with `.git`, as `git init --bare` users expect. */
export const relativePathOf = (name: string): string => `${name}.git`;

/** The full name of what lies at a relative path. */
export const repositoryNameOf = (relativePath: string): string => relativePath.replace(/\.git$/, "");
