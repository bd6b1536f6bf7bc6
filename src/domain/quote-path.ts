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

const MEANINGS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ESCAPES).map(([char, escape]) => [escape, char]),
);

/** Reads a path that git has quoted; undefined for what is not quoted, or wrongly. */
export function unquotePath(quoted: ByteString): ByteString | undefined {
  if (!/^"(?:[^"\\]|\\[abtnvfr"\\]|\\[0-3][0-7]{2})*"$/.test(quoted)) return undefined;
  return quoted
    .slice(1, -1)
    .replace(/\\(?:[0-7]{3}|.)/g, (escape) => MEANINGS[escape] ?? String.fromCharCode(parseInt(escape.slice(1), 8)));
}
