import type { ByteString } from "./byte-string.ts";

export const REFS_HEADS = "refs/heads/";
export const REFS_TAGS = "refs/tags/";

// Git refuses control characters, space, DEL and ~ ^ : ? * [ \ anywhere in a name.
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\x00-\x20\x7f~^:?*[\\]/;

/** What is wrong with a name, or undefined when `git check-ref-format` accepts it (git-check-ref-format(1)). */
export function problemOfRefName(name: ByteString): string | undefined {
  if (!name.startsWith("refs/")) return "is not below refs/";
  if (name.endsWith("/")) return "ends with a slash";
  if (name.endsWith(".")) return "ends with a dot";
  if (name.includes("..")) return "contains double dots";
  if (name.includes("//")) return "contains double slashes";
  if (name.includes("@{")) return "contains @{";
  if (FORBIDDEN.test(name)) return "contains a forbidden character";
  for (const part of name.split("/")) {
    if (part.startsWith(".")) return "has a component that begins with a dot";
    if (part.endsWith(".lock")) return "has a component that ends with .lock";
  }
  return undefined;
}
