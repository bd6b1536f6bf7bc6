/** What counts of a patch towards limits: its lines and bytes without the `@@` lines. */
export interface PatchSize {
  readonly lines: number;
  readonly bytes: number;
  readonly added: number;
  readonly removed: number;
}

const AT = 0x40;
const PLUS = 0x2b;
const MINUS = 0x2d;
const NEWLINE = 0x0a;

/** Measures a patch that begins at its first hunk. */
export function measurePatch(patch: Uint8Array): PatchSize {
  let lines = 0;
  let bytes = 0;
  let added = 0;
  let removed = 0;
  for (let start = 0; start < patch.length;) {
    const newline = patch.indexOf(NEWLINE, start);
    const end = newline < 0 ? patch.length : newline + 1;
    const first = patch[start];
    if (first !== AT || patch[start + 1] !== AT) {
      lines++;
      bytes += end - start;
      if (first === PLUS) added++;
      else if (first === MINUS) removed++;
    }
    start = end;
  }
  return { lines, bytes, added, removed };
}
