import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteString } from "../../domain/bytes.ts";

/** The JavaScript string whose UTF-8 form is these bytes; undefined when they are not UTF-8. */
export function utf8Argument(bytes: ByteString): string | undefined {
  if (/^[\x01-\x7f]*$/.test(bytes)) return bytes;
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  return Buffer.from(text, "utf8").toString("latin1") === bytes ? text : undefined;
}

/** Arguments as a child can be given them, and what to do when it has ended. */
export interface PreparedArguments {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  release(): void;
}

const nothing = () => {};

/** Name of the alias that carries arguments which are not UTF-8. */
const ALIAS = "holdfast-bytes";

/**
 * Prepares arguments that are bytes. The runtime encodes arguments as UTF-8, so others cannot be handed over directly. Git
 * itself can: an alias in a configuration file is split into arguments byte by byte (git-config(1), `alias.*`), without a shell.
 */
export function prepareArguments(args: readonly ByteString[]): PreparedArguments {
  const argv = args.map(utf8Argument);
  if (argv.every((argument) => argument !== undefined)) return { argv, release: nothing };
  const directory = mkdtempSync(join(tmpdir(), "holdfast-arguments-"));
  const file = join(directory, "config");
  const descriptor = openSync(file, "wx", 0o600);
  try {
    writeSync(
      descriptor,
      Buffer.from(`[alias]\n\t${ALIAS} = "${configEscape(args.map(aliasQuote).join(" "))}"\n`, "latin1"),
    );
  } finally {
    closeSync(descriptor);
  }
  return {
    argv: [ALIAS],
    env: { GIT_CONFIG_GLOBAL: file },
    release: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Quotes an argument for the splitting of aliases: single quotes keep all but themselves. */
function aliasQuote(argument: ByteString): ByteString {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** Escapes a value between double quotes in a configuration file (git-config(1), "Syntax"). */
function configEscape(value: ByteString): ByteString {
  return value.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\b", "\\b");
}
