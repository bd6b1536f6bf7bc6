import type { GitRepo } from "../domain/repo.ts";
import type { GitUser } from "../domain/user.ts";
import { ValidationError } from "../errors.ts";

// Servers are vague about some of these, and each answers in words of its own; so they are seen to here.

export function invalid(message: string): ValidationError {
  return new ValidationError(message, { code: "INVALID_ARGUMENT" });
}

export function checkRepo(repo: GitRepo): void {
  if (repo.storage === "") throw invalid("repo.storage is empty");
  if (repo.relativePath === "") throw invalid("repo.relativePath is empty");
}

export function checkUser(user: GitUser): void {
  if (user.glId === "") throw invalid("user.glId is empty");
  if (user.name.trim() === "") throw invalid("user.name is empty");
  if (user.email.trim() === "") throw invalid("user.email is empty");
}

/** A text that has to say something: a name, a revision, a message. */
export function checkNotEmpty(what: string, text: string): void {
  if (text === "") throw invalid(`${what} is empty`);
  if (text.includes("\0")) throw invalid(`${what} contains a NUL`);
}

const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const ZEROS = /^(?:0{40}|0{64})$/;

export function isId(text: string): boolean {
  return ID.test(text);
}

export function isZeroId(text: string): boolean {
  return ZEROS.test(text);
}

/** A whole id of 40 or 64 digits, zeros among them. */
export function checkId(what: string, id: string): void {
  if (!ID.test(id)) throw invalid(`${what} is no object id: "${id}"`);
}

/** The full name of a reference. */
export function checkRefName(what: string, name: string): void {
  checkNotEmpty(what, name);
  if (!name.startsWith("refs/") || !isRefName(name)) {
    throw invalid(`${what} is no full name of a reference: "${name}"`);
  }
}

/** The short name of a branch or a tag that is to be made or moved. */
export function checkShortName(what: string, name: string): void {
  checkNotEmpty(what, name);
  if (name.startsWith("-") || !isRefName(name)) throw invalid(`${what} is no name that Git takes: "${name}"`);
}

/** The rules of git-check-ref-format(1). */
function isRefName(name: string): boolean {
  if (name === "@" || name.endsWith(".") || /\.\.|@\{|[\0- \x7f~^:?*[\\]/.test(name)) return false;
  return name.split("/").every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}

/** The path of a file that is written: Git refuses some, and servers word that in many ways. */
export function checkPath(what: string, path: string): void {
  checkNotEmpty(what, path);
  const wrong = path.split("/").find((part) => part === "" || /^(?:\.|\.\.|\.git)$/i.test(part));
  if (wrong !== undefined) throw invalid(`${what} is no path that Git takes: "${path}"`);
}
