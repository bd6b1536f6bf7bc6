import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommandFailure } from "../../commands/failure.ts";

/** A repository on this machine that is to be copied. */
export interface Source {
  /** The folder that a person knows it by. */
  readonly folder: string;
  /** Its git directory, absolute, without symbolic links. */
  readonly gitDir: string;
  readonly objectFormat: "sha1" | "sha256";
}

/** Finds the git directory of a clone or a bare repository (gitrepository-layout(5)). */
export function findSource(path: string): Source {
  const folder = resolve(path);
  const candidates = [folder, join(folder, ".git"), `${folder}.git`].filter((each) => existsSync(each));
  for (const candidate of candidates) {
    const gitDir = realpathSync(statSync(candidate).isFile() ? followGitFile(candidate, folder) : candidate);
    if (isGitDirectory(gitDir)) return { folder, gitDir, objectFormat: objectFormatOf(gitDir) };
  }
  throw new CommandFailure(`not a git repository: ${folder}`);
}

/** `.git` may be a file that names the directory. */
function followGitFile(file: string, folder: string): string {
  const named = /^gitdir: (.*)$/m.exec(readFileSync(file, "utf8"))?.[1];
  if (named === undefined) throw new CommandFailure(`not a git repository: ${folder}`);
  return resolve(folder, named);
}

const isGitDirectory = (path: string): boolean =>
  ["HEAD", "objects", "refs"].every((each) => existsSync(join(path, each)));

function objectFormatOf(gitDir: string): "sha1" | "sha256" {
  const config = existsSync(join(gitDir, "config")) ? readFileSync(join(gitDir, "config"), "utf8") : "";
  return /^\s*objectformat\s*=\s*"?sha256"?\s*$/im.test(config) ? "sha256" : "sha1";
}
