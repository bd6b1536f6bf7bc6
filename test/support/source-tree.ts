import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** The root of the checkout. */
export const ROOT = normalize(join(import.meta.dir, "..", ".."));

export interface SourceFile {
  /** Path from the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** What is imported: a path from the root for a file of ours, else the package's name. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const TEXT_FILE = /\.(ts|mjs|json|toml|md|c|h|proto|yaml|txt)$|(^|\/)(Makefile|LICENSE|run)$/;

/** All text files that are tracked or would be, without what generators wrote. */
export function sourceFiles(): readonly SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const paths = listed
    .toString()
    .split("\0")
    .filter((path) => TEXT_FILE.test(path) && !isGenerated(path));
  return paths.sort().flatMap((path) => read(path));
}

function isGenerated(path: string): boolean {
  return path.includes("/generated/") || path === "package-lock.json";
}

/** A file that is tracked but deleted in the work tree is not there. */
function read(path: string): SourceFile[] {
  try {
    return [{ path, text: readFileSync(join(ROOT, path), "utf8") }];
  } catch {
    return [];
  }
}

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*["']([^"']+)["']/g;

/** What a TypeScript file imports. */
export function importsOf({ path, text }: SourceFile): readonly Import[] {
  const found: Import[] = [];
  for (const [, type, specifier = ""] of text.matchAll(IMPORT)) {
    found.push({ target: resolveImport(path, specifier), typeOnly: type !== undefined });
  }
  for (const [, specifier = ""] of text.matchAll(DYNAMIC_IMPORT)) {
    found.push({ target: resolveImport(path, specifier), typeOnly: false });
  }
  return found;
}

function resolveImport(from: string, specifier: string): string {
  return specifier.startsWith(".") ? normalize(join(dirname(from), specifier)) : specifier;
}

/** `merge-branch` is `mergeBranch`. */
export const camelCase = (kebab: string): string =>
  kebab.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
