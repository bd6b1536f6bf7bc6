/** Changes (insert, delete, replace one character) that turn one word into another. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** So much of a word is compared: what a caller sends may be long, and takes its time. */
const WORD_LENGTH_MAX = 64;

/** The known word that an unknown one was probably meant to be. */
export function nearest(unknown: string, known: Iterable<string>): string | undefined {
  const word = unknown.slice(0, WORD_LENGTH_MAX);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}
