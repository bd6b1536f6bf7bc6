import { OperationError } from "../domain/errors.ts";

/** The longest path that a storage takes, in bytes: far below the system's limit of 4,096, so that files inside fit. */
const PATH_BYTES_MAX = 3072;

/** The longest name of a directory that common file systems take, in bytes. */
const SEGMENT_BYTES_MAX = 255;

/** First segments that belong to servers, not to repositories: our own state, and that of a Gitaly that had the storage before. */
const RESERVED = /^\+(holdfast|gitaly)/;

/**
 * Cleans the path of a repository: repeated and trailing slashes, `.` and `..` go, a leading slash means the storage's root.
 * Throws `repository_path_escapes` for what is not below the storage, `invalid_input` for what can be no path at all.
 */
export function cleanRelativePath(relativePath: string): string {
  const segments: string[] = [];
  for (const segment of relativePath.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) throw new OperationError("repository_path_escapes", { relativePath });
  }
  // The storage's root is no repository: removing it would remove all.
  const first = segments[0];
  if (first === undefined) throw new OperationError("repository_path_escapes", { relativePath });
  if (RESERVED.test(first)) throw invalid("is reserved");
  if (relativePath.includes("\0")) throw invalid("contains a NUL byte");
  if (segments.some((segment) => Buffer.byteLength(segment) > SEGMENT_BYTES_MAX))
    throw invalid("has a name that is too long");
  const clean = segments.join("/");
  if (Buffer.byteLength(clean) > PATH_BYTES_MAX) throw invalid("is too long");
  return clean;
}

function invalid(problem: string): OperationError {
  return new OperationError("invalid_input", { field: "repository.relativePath", problem });
}
