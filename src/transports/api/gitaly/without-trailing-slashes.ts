import type { ByteString } from "../../../domain/bytes.ts";

/** A path as clients may write it, without the slashes at its end. */
export function withoutTrailingSlashes(path: ByteString): ByteString {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return path.slice(0, end);
}
