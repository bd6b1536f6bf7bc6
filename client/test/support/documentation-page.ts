import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT } from "../../../test/support/source-tree.ts";
import { type CodeBlock, codeBlocks } from "./marked-code.ts";

const FOLDER = join(ROOT, "docs", "client");
/** The page whose blocks under this heading begin the program of every page. */
const INDEX = "README.md";
const BEGINNING = "The repository of the examples";

/** A page of docs/client with its examples. */
export interface DocumentationPage {
  /** `reading-files`. */
  readonly name: string;
  readonly examples: readonly CodeBlock[];
  /** A program in TypeScript that runs all of them in one process and prints a line of JSON for each: `ExampleOutcome`. */
  readonly program: string;
}

/** How an example went. */
export interface ExampleOutcome {
  readonly line: number;
  readonly error: string | null;
}

/** All pages, by name. */
export function documentationPages(): DocumentationPage[] {
  const names = [...new Bun.Glob("*.md").scanSync({ cwd: FOLDER })].sort();
  const beginning = examplesOf(INDEX).filter(({ heading }) => heading === BEGINNING);
  if (beginning.length === 0) throw new Error(`${INDEX} has no examples under "${BEGINNING}"`);
  return names.map((file) => {
    const name = basename(file, ".md").toLowerCase();
    const examples = examplesOf(file).filter(({ heading }) => heading !== BEGINNING);
    return { name, examples, program: programOf(name, beginning, examples) };
  });
}

const examplesOf = (file: string): CodeBlock[] =>
  codeBlocks(readFileSync(join(FOLDER, file), "utf8")).filter(({ language }) => language === "ts");

const IMPORT = /^import [^;]*;\n/gm;

function programOf(name: string, beginning: readonly CodeBlock[], examples: readonly CodeBlock[]): string {
  const blocks = [...beginning, ...examples];
  const imports = blocks.flatMap(({ code }) => importedNames(code));
  // Every page has a repository of its own, under a name that the reader need not see.
  const opening = beginning.map(({ code }) => bodyOf(code)).join("");
  return [
    ...new Set(imports),
    `import { example, shows } from "./example.js";\n`,
    opening.replaceAll("alice/catalog.git", `alice/${name}.git`),
    ...examples.map(({ code, line }) => `await example(${line}, async () => {\n${checked(bodyOf(code), line)}});\n`),
    "git.close();\n",
  ].join("");
}

/** An import of each name by itself, so that examples of one page may import the same. */
function importedNames(code: string): string[] {
  return (code.match(IMPORT) ?? []).flatMap((text) => {
    const [, kind = "", names, module] = /^import (type )?\{([^}]*)\} from ("[^"]*");/.exec(text) ?? [];
    if (names === undefined) throw new Error(`examples import names in braces: ${text}`);
    return names
      .split(",")
      .flatMap((name) => (name.trim() === "" ? [] : `import ${kind}{ ${name.trim()} } from ${module};\n`));
  });
}

/** Lines stay where they are, so that a message about one leads to the page. */
const bodyOf = (code: string): string => code.replace(IMPORT, (text) => text.replace(/[^\n]/g, ""));

/** `console.log(value); // → text` becomes a check that this is what is printed. */
function checked(code: string, firstLine: number): string {
  const lines = code.split("\n").map((text, index) => {
    if (!text.includes("// →")) return text;
    const [, indent, value, expected] = /^(\s*)console\.log\((.*)\); \/\/ → (.*)$/.exec(text) ?? [];
    if (value === undefined) throw new Error(`line ${firstLine + index}: only what console.log prints can be expected`);
    return `${indent}shows(${firstLine + index}, ${JSON.stringify(expected)}, ${value});`;
  });
  return lines.join("\n");
}

/** The module `example.ts` that the programs import. */
export const EXAMPLE_MODULE = `
import { format } from "node:util";

/** Runs an example; what it throws is its outcome. */
export async function example(line: number, run: () => Promise<void>): Promise<void> {
  let error: string | null = null;
  try {
    await run();
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  process.stdout.write(JSON.stringify({ line, error }) + "\\n");
}

/** What console.log prints must be the expected text, in which "…" stands for anything. */
export function shows(line: number, expected: string, ...values: readonly unknown[]): void {
  const printed = format(...values).replace(/\\s+/g, " ").trim();
  const pattern = expected.split("…").map((part) => part.replace(/[.*+?^\${}()|[\\]\\\\]/g, "\\\\$&")).join(".*");
  if (!new RegExp("^" + pattern + "$").test(printed)) throw new Error(\`line \${line} prints \${printed}\`);
}
`;
