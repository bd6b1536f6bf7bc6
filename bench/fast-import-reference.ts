import { runGit } from "./git-reference.ts";

/** One `git fast-import` process that makes a commit with one small file, everything flushed. */
export function importFile(gitDir: string, n: number, first: string, path: string): void {
  runGit(gitDir, ["-c", "core.fsync=all", "fast-import", "--quiet"], importStream(n, first, path));
}

function importStream(n: number, first: string, path: string): string {
  const content = `content ${n}\n`;
  const message = `Write ${path}\n`;
  const from = n === 0 ? `from ${first}\n` : "from refs/heads/imported^0\n";
  const person = `Jane Doe <jane@example.com> ${1_700_000_000 + n} +0000`;
  return `commit refs/heads/imported\ncommitter ${person}\ndata ${message.length}\n${message}${from}M 100644 inline ${path}\ndata ${content.length}\n${content}\n`;
}
