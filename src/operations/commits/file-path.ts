import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";

/** Limits of a path, so that the backends answer alike: each would end at one of its own. */
const PATH_BYTES_MAX = 4096;
const PATH_COMPONENTS_MAX = 512;

/**
 * Cleans the path of a file action: `.` and `x/..` are resolved, slashes at the ends dropped. Throws `invalid_path` for an
 * empty path, one that is too long or too deep, a double slash, a way out of the tree, and a component that Git forbids
 * (`.git`, in any case).
 */
export function cleanFilePath(path: GitPath): GitPath {
  if (path === "") throw new OperationError("invalid_path", { path, problem: "empty" });
  if (path.length > PATH_BYTES_MAX) throw new OperationError("invalid_path", { path, problem: "too_long" });
  if (path.includes("//")) throw new OperationError("invalid_path", { path, problem: "invalid" });
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw new OperationError("invalid_path", { path, problem: "traversal" });
  }
  if (parts.length > PATH_COMPONENTS_MAX) throw new OperationError("invalid_path", { path, problem: "too_long" });
  if (parts.length === 0 || parts.some(isForbidden))
    throw new OperationError("invalid_path", { path, problem: "forbidden" });
  return parts.join("/");
}

/**
 * Code points that HFS+ ignores in names, as UTF-8 in a byte string: U+200C–200F, U+202A–202E, U+206A–206F, U+FEFF (git's utf8.c
 * has the same list, from Apple's technical note 1150).
 */
const IGNORED_BY_HFS = /\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf/g;

/** What NTFS takes for `.git`, also behind a backslash: with dots and blanks behind it, its short name, its streams (`is_ntfs_dotgit` in git's path.c). */
const NTFS_GIT = /(^|\\)(\.git|git~1)[. ]*($|[\\:])/i;

/** Names that `git fsck --strict` refuses in a tree: `.git` and what file systems take for it, and NUL. */
function isForbidden(name: string): boolean {
  if (name.replace(IGNORED_BY_HFS, "").toLowerCase() === ".git") return true;
  return NTFS_GIT.test(name) || name.includes("\0");
}

/** What NTFS takes for `.gitmodules`: its short names besides (`is_ntfs_dotgitmodules` in git's path.c). */
const NTFS_GITMODULES =
  /(^|\\)(\.gitmodules|gitmod~[1-4]|(?=[^. :]{8}(?:[. :]|$))(?:g(?:i(?:7(?:e(?:ba?)?)?)?)?)?~[1-9]\d*)[. ]*($|:)/i;

/** Throws `invalid_path` where git takes no symbolic link: it would read the list of submodules elsewhere (`gitmodulesSymlink` of `git fsck`). */
export function checkLinkPath(path: GitPath): void {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(IGNORED_BY_HFS, "");
  if (NTFS_GITMODULES.test(name)) throw new OperationError("invalid_path", { path, problem: "forbidden" });
}
