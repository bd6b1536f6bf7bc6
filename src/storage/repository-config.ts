import { readFileSync } from "node:fs";
import type { ReceiveConfig } from "../contract/context.ts";
import { OperationError } from "../domain/errors.ts";
import type { ObjectFormat } from "../domain/oid.ts";

const SECTION = /^\s*\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\](.*)$/;
const VARIABLE = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*?))?\s*$/;

/** Variables of a configuration file by `section.name` in lower case, the last of each; subsections are left out. */
function readVariables(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  let section = "";
  for (const line of text.split("\n")) {
    const header = SECTION.exec(line);
    if (header !== null) section = header[2] === undefined ? (header[1] ?? "").toLowerCase() : "";
    const variable = VARIABLE.exec(header === null ? line : (header[3] ?? ""));
    if (section === "" || variable === null) continue;
    const value = (variable[2] ?? "true").replace(/\s*[#;].*$/, "").replaceAll('"', "");
    variables.set(`${section}.${(variable[1] ?? "").toLowerCase()}`, value);
  }
  return variables;
}

/**
 * The object format of a repository, from its configuration file (git-config(1), `extensions.*`). Throws `repository_invalid`
 * for a format that nobody here can read.
 */
export function readObjectFormat(configFile: string): ObjectFormat {
  const variables = readVariables(readText(configFile));
  const version = Number(variables.get("core.repositoryformatversion") ?? "0");
  if (!(version <= 1)) throw unreadable(`repository format version ${version} is not supported`);
  // Git heeds extensions from version 1 on; version 0 ignores them.
  if (version !== 1) return "sha1";
  const refStorage = variables.get("extensions.refstorage") ?? "files";
  if (refStorage !== "files") throw unreadable(`reference storage "${refStorage}" is not supported`);
  const format = (variables.get("extensions.objectformat") ?? "sha1").toLowerCase();
  if (format !== "sha1" && format !== "sha256") throw unreadable(`object format "${format}" is not supported`);
  return format;
}

/** What a repository's configuration file says about pushes (git-config(1), `receive.*`), with git's defaults. */
export function readReceiveConfig(configFile: string): ReceiveConfig {
  const variables = readVariables(readText(configFile));
  const is = (name: string, absent: boolean) => isTrue(variables.get(`receive.${name}`), absent);
  return {
    denyNonFastForwards: is("denynonfastforwards", false),
    denyDeletes: is("denydeletes", false),
    // `ignore` and `warn` let it happen.
    denyDeleteCurrent: is("denydeletecurrent", true),
  };
}

function isTrue(value: string | undefined, absent: boolean): boolean {
  if (value === undefined) return absent;
  return !["", "false", "no", "off", "0", "ignore", "warn"].includes(value.toLowerCase());
}

function readText(configFile: string): string {
  try {
    return readFileSync(configFile, "latin1");
  } catch (error) {
    // A repository without a configuration is one with git's defaults.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function unreadable(problem: string): OperationError {
  return new OperationError("repository_invalid", { problem });
}
