/** What one row says: a figure, its reference of the same run, and how the two compare. */
export interface Row {
  readonly row: string;
  readonly figure: string;
  readonly reference: string;
  /** The figure over its reference, or undefined where the target is an absolute figure. */
  readonly ratio?: number;
  readonly target: string;
  /** Undefined where nothing is asked. */
  readonly met?: boolean;
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(3) : value.toFixed(1)} ms`;
export const perSecond = (value: number): string => `${Math.round(value).toLocaleString("en-US")}/s`;
export const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;

/** A row whose figure must not exceed a multiple of its reference. */
export function atMost(
  row: string,
  figure: number,
  reference: number,
  limit: number,
  unit: (value: number) => string,
): Row {
  const ratio = figure / reference;
  return { row, figure: unit(figure), reference: unit(reference), ratio, target: `≤ ${limit} ×`, met: ratio <= limit };
}

/** A row whose figure must reach a multiple of its reference. */
export function atLeast(
  row: string,
  figure: number,
  reference: number,
  limit: number,
  unit: (value: number) => string,
): Row {
  const ratio = figure / reference;
  return { row, figure: unit(figure), reference: unit(reference), ratio, target: `≥ ${limit} ×`, met: ratio >= limit };
}

/** A row whose figure has a limit of its own. */
export function within(row: string, figure: number, limit: number, unit: (value: number) => string): Row {
  return { row, figure: unit(figure), reference: "–", target: `≤ ${unit(limit)}`, met: figure <= limit };
}

/** One line of a table in Markdown. */
export function markdown({ row, figure, reference, ratio, target, met }: Row): string {
  const verdict = met === undefined ? "" : met ? "met" : "**missed**";
  return `| ${row} | ${figure} | ${reference} | ${ratio === undefined ? "–" : ratio.toFixed(2)} | ${target} | ${verdict} |`;
}

export const HEADING = "| row | figure | reference | ratio | target | |\n|---|---|---|---|---|---|";
