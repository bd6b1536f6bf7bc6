import type { ByteString } from "./bytes.ts";

/**
 * Orders names as versions, so that `v1.9` comes before `v1.10` (strverscmp(3), as `git for-each-ref --sort=version:refname`
 * without configured suffixes): runs of digits around the first difference are compared as numbers, or as decimal fractions
 * when one begins with a zero.
 */
export function compareVersions(a: ByteString, b: ByteString): number {
  if (a === b) return 0;
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  let start = at;
  while (start > 0 && isDigit(a, start - 1)) start--;
  const left = digitsFrom(a, start);
  const right = digitsFrom(b, start);
  if (left === "" || right === "") return compareText(a.slice(at), b.slice(at));
  const zerosLeft = leadingZeros(left);
  const zerosRight = leadingZeros(right);
  if (zerosLeft > 0 || zerosRight > 0) {
    // As fractions: the more zeros at the front, the smaller.
    if (zerosLeft !== zerosRight) return zerosRight - zerosLeft;
    return compareText(a.slice(at), b.slice(at));
  }
  return left.length - right.length || compareText(left, right);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function digitsFrom(text: string, start: number): string {
  let end = start;
  while (end < text.length && isDigit(text, end)) end++;
  return text.slice(start, end);
}

/** Zeros at the front; a lone 0 is a number and has none. */
function leadingZeros(digits: string): number {
  let zeros = 0;
  while (digits[zeros] === "0") zeros++;
  return digits === "0" ? 0 : zeros;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
