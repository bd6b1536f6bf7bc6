import type { ByteString } from "./bytes.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

/** Quotes a path as git does in a patch's header (git-config(1), `core.quotePath`): only when it has to be. */
export function quotePath(path: ByteString): ByteString {
  const quoted = path.replace(
    /[\x00-\x1f"\\\x7f-\xff]/g,
    (char) => ESCAPES[char] ?? `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return quoted === path ? path : `"${quoted}"`;
}
