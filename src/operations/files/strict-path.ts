import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { cleanFilePath } from "../commits/file-path.ts";

/**
 * Checks a path that a caller of the management API names: segments between single slashes, none of them `.` or `..`, none that Git refuses
 * in a tree. Throws `invalid_path`.
 */
export function strictPath(path: GitPath): GitPath {
  const segments = path.split("/");
  if (segments.includes("..")) throw new OperationError("invalid_path", { path, problem: "traversal" });
  if (path !== "" && (segments.includes("") || segments.includes(".")))
    throw new OperationError("invalid_path", { path, problem: "invalid" });
  return cleanFilePath(path);
}
