import type { BenchRepository } from "./bench-context.ts";
import { gitLines, runGit } from "./git-reference.ts";

/** Steps through a list by a stride that has no common divisor with most lengths, so that neighbours are far apart. */
const STRIDE = 7919;
const LINES = 1_000;
const COMMITS = 200;
/** Lines that one commit changes. */
const EDITS = 5;

/** A file at a commit, and the blob that is there. */
export interface Place {
  readonly commit: string;
  readonly path: string;
  readonly oid: string;
}

/** Files of different commits, none twice. */
export function placesOf(gitDir: string, count: number): Place[] {
  const commits = gitLines(gitDir, ["rev-list", "HEAD"]);
  const paths = gitLines(gitDir, ["ls-tree", "-r", "--name-only", "HEAD"]);
  const pick = (list: readonly string[], n: number): string => list[(n * STRIDE) % list.length]!;
  const places = Array.from({ length: count }, (_, n) => ({
    commit: pick(commits, n),
    path: pick(paths, n + Math.floor(n / paths.length)),
  }));
  const asked = places.map(({ commit, path }) => `${commit}:${path}\n`).join("");
  const oids = gitLines(gitDir, ["cat-file", "--batch-check=%(objectname)"], asked);
  return places.map((place, n) => ({ ...place, oid: oids[n]! }));
}

/** A branch with a file whose lines many commits have changed. */
export const BLAMED = { branch: "blamed", path: "blamed.txt" } as const;

/** Puts it into a repository. */
export function importBlamed({ gitDir }: BenchRepository): void {
  const lines = Array.from({ length: LINES }, (_, n) => `line ${n} as it was\n`);
  const parts: string[] = [];
  for (let n = 0; n < COMMITS; n++) {
    for (let edit = 0; n > 0 && edit < EDITS; edit++) {
      const line = (n * 37 + edit * 211) % LINES;
      lines[line] = `line ${line} of commit ${n}\n`;
    }
    const content = lines.join("");
    const message = `Edit ${n}\n`;
    const from = n === 0 ? "from refs/heads/main^0\n" : "";
    parts.push(
      `commit refs/heads/${BLAMED.branch}\ncommitter Jane Doe <jane@example.com> ${1_650_000_000 + n} +0000\n` +
        `data ${message.length}\n${message}${from}M 100644 inline ${BLAMED.path}\ndata ${content.length}\n${content}\n`,
    );
  }
  runGit(gitDir, ["fast-import", "--quiet"], parts.join(""));
  runGit(gitDir, ["commit-graph", "write", "--reachable"]);
}
