import { shown, type Text } from "../text.ts";

/** Lines that were added to a file and removed from it. */
export interface FileStat {
  readonly path: Text;
  readonly oldPath?: Text;
  readonly additions: number;
  readonly deletions: number;
}

/** A line for each file, and the sum as `git diff --shortstat` words it. */
export function statLines(files: readonly FileStat[]): string[] {
  const named = files.map((file): [string, FileStat] => [nameOf(file), file]);
  const width = Math.max(0, ...named.map(([name]) => name.length));
  const lines = named.map(([name, { additions, deletions }]) => ` ${name.padEnd(width)} | +${additions} -${deletions}`);
  return [...lines, sumOf(files)];
}

const nameOf = ({ path, oldPath }: FileStat): string =>
  oldPath === undefined || shown(oldPath) === shown(path) ? shown(path) : `${shown(oldPath)} => ${shown(path)}`;

function sumOf(files: readonly FileStat[]): string {
  if (files.length === 0) return " 0 files changed";
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  const parts = [` ${files.length} file${files.length === 1 ? "" : "s"} changed`];
  if (additions > 0 || deletions === 0) parts.push(`${additions} insertion${additions === 1 ? "" : "s"}(+)`);
  if (deletions > 0 || additions === 0) parts.push(`${deletions} deletion${deletions === 1 ? "" : "s"}(-)`);
  return parts.join(", ");
}
