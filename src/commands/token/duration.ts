import { InvalidArgumentError } from "commander";

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

/** Longest time that a token may be asked for, which no date overflows. */
const DURATION_MS_MAX = 100 * 365 * 86_400_000;

/** Reads `30d`, `12h`, `1h30m`, as milliseconds. */
export function durationMs(text: string): number {
  if (!/^(\d{1,9}[smhdwy])+$/.test(text)) throw new InvalidArgumentError("It is no time such as 90m, 12h, 30d or 1y.");
  const parts = [...text.matchAll(/(\d+)([smhdwy])/g)];
  const ms = parts.reduce((sum, [, count = "0", unit = "s"]) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0);
  if (ms === 0 || ms > DURATION_MS_MAX) throw new InvalidArgumentError("It is nothing, or more than 100 years.");
  return ms;
}
