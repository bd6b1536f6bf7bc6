/** What a parser may need to know besides the text. */
export interface ParseBase {
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** The data directory, once it is known. */
  readonly data: string;
}

/** One setting: everything that is known about it, in one place. */
export interface Setting<T> {
  /** The default as a user would write it; `<data>` stands for the data directory, "" for nothing. */
  readonly default: string;
  /** What it means, in one sentence; printed in the reference and in `--help`. */
  readonly meaning: string;
  /** Turns text into the value, or throws a plain Error that says what is wrong with it. */
  parse(text: string, base: ParseBase): T;
  /** Environment variables besides `HOLDFAST_<KEY>`; the first that is set wins over it. */
  readonly aliases?: readonly string[];
  /** Never printed. */
  readonly secret?: boolean;
  /**
   * Accepted but without effect so far: setting it gives a warning. `refused` is for what would endanger somebody who relies
   * on it.
   */
  readonly later?: "warned" | "refused";
}

/** The key in the file: `httpPort` is `http_port`. */
export const fileKey = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The environment variable: `httpPort` is `HOLDFAST_HTTP_PORT`. */
export const variable = (name: string): string => `HOLDFAST_${fileKey(name).toUpperCase()}`;

/** The flag of the command line: `httpPort` is `--http-port`. */
export const flag = (name: string): string => `--${fileKey(name).replaceAll("_", "-")}`;
