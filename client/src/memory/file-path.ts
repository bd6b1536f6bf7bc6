import { ValidationError } from "../errors.ts";
import { type ByteString, toByteString } from "./byte-string.ts";

/** Servers have the same limits. */
const PATH_BYTES_MAX = 4096;
const PATH_COMPONENTS_MAX = 512;

/**
 * The path of a file action, in bytes. `ValidationError` for one that is empty, too long or too deep, for components that say
 * nothing or lead elsewhere (`a//b`, `.`, `..`), and for what Git forbids (`.git`, in any case).
 */
export function checkedFilePath(path: string): ByteString {
  const bytes = toByteString(path);
  if (bytes === "") throw refused(path, "a path is empty");
  if (bytes.length > PATH_BYTES_MAX) throw refused(path, `a path is longer than ${PATH_BYTES_MAX} bytes`);
  const parts = bytes.split("/");
  if (parts.length > PATH_COMPONENTS_MAX) throw refused(path, `a path has more than ${PATH_COMPONENTS_MAX} components`);
  if (parts.some(isForbidden)) throw refused(path, `${JSON.stringify(path)} is no path that Git takes`);
  return bytes;
}

function refused(path: string, message: string): ValidationError {
  return new ValidationError(message, { code: "INVALID_ARGUMENT", detail: { kind: "index_update", path } });
}

/** Code points that HFS+ ignores in names, as UTF-8 (git's utf8.c, after Apple's technical note 1150). */
const IGNORED_BY_HFS = /\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf/g;

/** Names that `git fsck --strict` refuses in a tree: `.git` and what file systems take for it, and NUL. */
function isForbidden(name: ByteString): boolean {
  if (name === "" || name === "." || name === "..") return true;
  if (name.replace(IGNORED_BY_HFS, "").toLowerCase() === ".git") return true;
  const lower = name.toLowerCase().replace(/[. ]+$/, "");
  return lower === ".git" || lower === "git~1" || name.includes("\0") || /^(\.git|git~1):|^\.git\\/.test(lower);
}
