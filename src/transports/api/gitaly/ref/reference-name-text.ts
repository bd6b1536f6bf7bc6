import type { RefName } from "../../../../domain/reference.ts";

/**
 * Says what is wrong with a reference name in UpdateReferences, in Gitaly's words and order; undefined for a good name.
 */
export function textOfReferenceName(name: RefName): string | undefined {
  if (name === "HEAD") return "HEAD reference not allowed";
  if (!name.startsWith("refs/")) return "reference is not fully qualified";
  if (name === "refs/") return "refs/ is not a valid reference";
  if (name.endsWith("/")) return "reference must not end with slash";
  if (name.endsWith(".")) return "reference must not end with dot";
  if (name.includes("@{")) return "reference must not contain @{";
  if (name.includes("..")) return "reference must not contain double dots";
  if (/[ \t\r\n]/.test(name)) return "reference must not contain space characters";
  if (hasControlCharacter(name)) return "reference must not contain control characters";
  if (/[\x7f~^:?*[\\]/.test(name)) return "reference must not contain special characters";
  for (const component of name.split("/")) {
    if (component === "") return "empty component is not allowed";
    if (component.startsWith(".")) return "component must not start with dot";
    if (component.endsWith(".lock")) return "component must not end with .lock";
  }
  return undefined;
}

function hasControlCharacter(name: string): boolean {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) < 0x20) return true;
  return false;
}
