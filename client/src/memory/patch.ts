import { diffArrays } from "diff";
import type { ByteString } from "./byte-string.ts";
import { linesOf } from "./text-lines.ts";

/** A patch of one file. */
export interface Patch {
  /** Hunks, from the first `@@` on. */
  readonly text: ByteString;
  readonly linesAdded: number;
  readonly linesRemoved: number;
}

const CONTEXT_LINES = 3;
/** Texts that differ in more lines are told as one removed and one added: the search for less would take too long. */
const EDITS_MAX = 5_000;
/** git cuts headings after so many bytes. */
const HEADING_BYTES_MAX = 80;

/** A run of lines that are in both texts, or in one of them alone. */
interface Run {
  readonly kind: " " | "-" | "+";
  readonly lines: readonly ByteString[];
}

/** The unified patch between two texts. */
export function patchOf(before: Uint8Array, after: Uint8Array): Patch {
  const oldLines = linesOf(before);
  const newLines = linesOf(after);
  const runs = runsOf(oldLines, newLines);
  const count = (kind: Run["kind"]) => runs.reduce((sum, run) => (run.kind === kind ? sum + run.lines.length : sum), 0);
  return { text: hunksOf(runs, oldLines), linesAdded: count("+"), linesRemoved: count("-") };
}

function runsOf(oldLines: ByteString[], newLines: ByteString[]): Run[] {
  const parts = diffArrays(oldLines, newLines, { maxEditLength: EDITS_MAX });
  if (parts === undefined) {
    const runs: Run[] = [
      { kind: "-", lines: oldLines },
      { kind: "+", lines: newLines },
    ];
    return runs.filter(({ lines }) => lines.length > 0);
  }
  const runs = parts.map(({ added, removed, value }): Run => {
    const kind = added ? "+" : removed ? "-" : " ";
    return { kind, lines: value };
  });
  return removedFirst(runs);
}

/** Where lines are replaced, the old ones come first. */
function removedFirst(runs: readonly Run[]): Run[] {
  const sorted: Run[] = [];
  for (const run of runs) {
    const last = sorted.at(-1);
    if (run.kind === "-" && last?.kind === "+") sorted.splice(-1, 0, run);
    else sorted.push(run);
  }
  return sorted;
}

/** One line of a patch, and where it stands, counted from 0. */
interface PatchLine {
  readonly kind: Run["kind"];
  readonly text: ByteString;
  readonly oldAt: number;
  readonly newAt: number;
}

function hunksOf(runs: readonly Run[], oldLines: readonly ByteString[]): ByteString {
  const lines: PatchLine[] = [];
  let oldAt = 0;
  let newAt = 0;
  for (const { kind, lines: texts } of runs) {
    for (const text of texts) {
      lines.push({ kind, text, oldAt, newAt });
      if (kind !== "+") oldAt++;
      if (kind !== "-") newAt++;
    }
  }
  const hunks: ByteString[] = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at]!.kind === " ") {
      at++;
      continue;
    }
    const end = endOfHunk(lines, at);
    hunks.push(hunk(lines.slice(Math.max(0, at - CONTEXT_LINES), end), oldLines));
    at = end;
  }
  return hunks.join("");
}

/** A hunk reaches to where more lines are equal than two contexts hold. */
function endOfHunk(lines: readonly PatchLine[], start: number): number {
  let last = start;
  for (let at = start; at < lines.length && at - last <= 2 * CONTEXT_LINES + 1; at++) {
    if (lines[at]!.kind !== " ") last = at;
  }
  return Math.min(lines.length, last + 1 + CONTEXT_LINES);
}

function hunk(lines: readonly PatchLine[], oldLines: readonly ByteString[]): ByteString {
  const first = lines[0]!;
  const oldCount = lines.filter(({ kind }) => kind !== "+").length;
  const newCount = lines.filter(({ kind }) => kind !== "-").length;
  const ranges = `-${range(first.oldAt, oldCount)} +${range(first.newAt, newCount)}`;
  const body = lines.map(({ kind, text }) =>
    text.endsWith("\n") ? kind + text : `${kind}${text}\n\\ No newline at end of file\n`,
  );
  return `@@ ${ranges} @@${heading(oldLines, first.oldAt)}\n${body.join("")}`;
}

/** `start,count`; an empty range names the line before it. */
function range(at: number, count: number): string {
  const start = count === 0 ? at : at + 1;
  return count === 1 ? `${start}` : `${start},${count}`;
}

/** The last line above that looks like the head of a function: it begins with a letter, `_` or `$`. */
function heading(oldLines: readonly ByteString[], before: number): ByteString {
  for (let at = before - 1; at >= 0; at--) {
    const line = oldLines[at]!;
    if (/^[A-Za-z_$]/.test(line)) return ` ${cut(line)}`;
  }
  return "";
}

/** Bytes that are UTF-8. */
const UTF_8 = /^(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})*/;

/** Cut after 80 bytes, and before the first byte that is no UTF-8. */
function cut(line: ByteString): ByteString {
  return UTF_8.exec(line.slice(0, HEADING_BYTES_MAX).trimEnd())?.[0] ?? "";
}
