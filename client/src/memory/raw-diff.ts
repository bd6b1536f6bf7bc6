import type { ByteString } from "./byte-string.ts";
import type { FileDiff } from "./diff.ts";

/** The difference of one file as `git diff --full-index` prints it (git-diff(1), "generating patch text"). */
export function rawDiffOf({ change, binary, patch }: FileDiff, zeroId: string): ByteString {
  const { from, to } = change;
  const oldName = quoted(`a/${(from ?? to).path}`);
  const newName = quoted(`b/${(to ?? from).path}`);
  const lines = [`diff --git ${oldName} ${newName}`];
  if (from === undefined) lines.push(`new file mode ${octal(to.mode)}`);
  else if (to === undefined) lines.push(`deleted file mode ${octal(from.mode)}`);
  else {
    if (from.mode !== to.mode) lines.push(`old mode ${octal(from.mode)}`, `new mode ${octal(to.mode)}`);
    if (from.path !== to.path) {
      lines.push("similarity index 100%", `rename from ${quoted(from.path)}`, `rename to ${quoted(to.path)}`);
    }
  }
  if (from?.id !== to?.id) {
    const mode = from !== undefined && from.mode === to?.mode ? ` ${octal(from.mode)}` : "";
    lines.push(`index ${from?.id ?? zeroId}..${to?.id ?? zeroId}${mode}`);
  }
  const before = from === undefined ? "/dev/null" : oldName;
  const after = to === undefined ? "/dev/null" : newName;
  if (binary) lines.push(`Binary files ${before} and ${after} differ`);
  else if (patch.text !== "") lines.push(`--- ${labelled(before)}`, `+++ ${labelled(after)}`);
  return `${lines.join("\n")}\n${patch.text}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(6, "0");
}

/** A tab ends a name with a space in it, so that it can be told from a date. */
function labelled(name: ByteString): ByteString {
  return name.includes(" ") ? `${name}\t` : name;
}

const ESCAPES = new Map([
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\r", "\\r"],
  ['"', '\\"'],
  ["\\", "\\\\"],
]);
// eslint-disable-next-line no-control-regex
const UNUSUAL = /[\x00-\x1f"\\\x7f-\xff]/g;

/** A name in quotes when it has unusual bytes (`core.quotePath`). */
function quoted(name: ByteString): ByteString {
  const escaped = name.replace(
    UNUSUAL,
    (byte) => ESCAPES.get(byte) ?? `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return escaped === name ? name : `"${escaped}"`;
}
