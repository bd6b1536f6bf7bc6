/** A fenced block of a Markdown page. */
export interface CodeBlock {
  /** What stands behind the fence: `ts`, `ts no-run`. */
  readonly language: string;
  readonly code: string;
  /** The nearest heading above. */
  readonly heading: string;
  /** Of the first line of code, counted from 1. */
  readonly line: number;
}

/** The fenced blocks of a Markdown page in their order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = "";
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, text] of markdown.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (open === undefined) {
      heading = /^#+ (.*)$/.exec(text)?.[1] ?? heading;
      if (fence !== null) open = { language: fence[1]!.trim(), line: index + 2, lines: [] };
    } else if (fence !== null) {
      blocks.push({ language: open.language, code: `${open.lines.join("\n")}\n`, heading, line: open.line });
      open = undefined;
    } else open.lines.push(text);
  }
  if (open !== undefined) throw new Error(`the block at line ${open.line} has no end`);
  return blocks;
}
