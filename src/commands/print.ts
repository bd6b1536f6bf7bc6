import type { CommandOptions, CommandOutput } from "./command-host.ts";

/** `--json` prints one JSON value; without it a person reads lines. */
export async function printData(
  output: CommandOutput,
  { json }: CommandOptions,
  data: unknown,
  lines: () => readonly string[],
): Promise<void> {
  if (json === true) await output.line(JSON.stringify(data, undefined, 2));
  else for (const line of lines()) await output.line(line);
}

/** Prints a list while it comes: an array of JSON, or a line for each item. */
export async function printList<Item>(
  output: CommandOutput,
  { json }: CommandOptions,
  items: AsyncIterable<Item>,
  print: { readonly data: (item: Item) => unknown; readonly line: (item: Item) => string },
): Promise<void> {
  if (json !== true) {
    for await (const item of items) await output.line(print.line(item));
    return;
  }
  let before = "[";
  for await (const item of items) {
    await output.line(before);
    before = `${indented(print.data(item))},`;
  }
  if (before === "[") await output.line("[]");
  else {
    await output.line(before.slice(0, -1));
    await output.line("]");
  }
}

const indented = (data: unknown): string => `  ${JSON.stringify(data, undefined, 2).replaceAll("\n", "\n  ")}`;

/** Facts as a table of two columns, for a person. */
export function factLines(facts: Readonly<Record<string, string | number | boolean | null>>): string[] {
  const width = Math.max(...Object.keys(facts).map((key) => key.length));
  return Object.entries(facts).map(([key, value]) => `${key.replaceAll("_", " ").padEnd(width)} ${wordFor(value)}`);
}

const wordFor = (value: string | number | boolean | null): string =>
  value === null ? "none" : value === true ? "yes" : value === false ? "no" : String(value);
