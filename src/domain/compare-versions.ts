import type { ByteString } from "./bytes.ts";

/**
 * Orders names as versions, so that `v1.9` comes before `v1.10` (strverscmp(3), as `git for-each-ref --sort=version:refname`
 * without configured suffixes): digits around the first difference count as a number, or, after a zero, as a decimal
 * fraction.
 */
export function compareVersions(a: ByteString, b: ByteString): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  if (at === a.length && at === b.length) return 0;
  const common = digitsBefore(a, at);
  const left = digitsAfter(a, at);
  const right = digitsAfter(b, at);
  const byBytes = a.slice(at) < b.slice(at) ? -1 : 1;
  if (common === "")
    return left === 0 || right === 0 || a[at] === "0" || b[at] === "0" ? byBytes : left - right || byBytes;
  if (common[0] !== "0") return left - right || byBytes;
  // So far only zeros: a fraction that goes on is smaller than zeros alone, so that 09 stands before 0.
  const onlyZeros = /^0+$/.test(common);
  return onlyZeros && (left === 0) !== (right === 0) ? right - left : byBytes;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function digitsBefore(text: string, end: number): string {
  let start = end;
  while (start > 0 && isDigit(text, start - 1)) start--;
  return text.slice(start, end);
}

/** How many digits follow. */
function digitsAfter(text: string, start: number): number {
  let end = start;
  while (end < text.length && isDigit(text, end)) end++;
  return end - start;
}
