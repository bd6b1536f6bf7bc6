const [PLUS, MINUS, NEWLINE] = [0x2b, 0x2d, 0x0a];

/** Counts the lines that the hunks of a patch add and remove. */
export function countLines(patch: Uint8Array): { readonly additions: number; readonly deletions: number } {
  let additions = 0;
  let deletions = 0;
  for (let at = 0; at < patch.length;) {
    const first = patch[at];
    // Every line of a hunk begins with a sign of its own.
    if (first === PLUS) additions++;
    else if (first === MINUS) deletions++;
    const end = patch.indexOf(NEWLINE, at);
    if (end < 0) break;
    at = end + 1;
  }
  return { additions, deletions };
}
