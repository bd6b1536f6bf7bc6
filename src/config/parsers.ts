import { isIP } from "node:net";
import { resolve } from "node:path";
import type { ParseBase } from "./setting.ts";

/** Text as it is. */
export const text = (value: string): string => value;

/** Text that must not be empty. */
export function word(value: string): string {
  if (value.trim() === "") throw new Error("must not be empty");
  return value;
}

/** An absolute path. */
export function path(value: string, base: ParseBase): string {
  return resolve(base.cwd, word(value));
}

/** An absolute path, or nothing. */
export function optionalPath(value: string, base: ParseBase): string | undefined {
  return value === "" ? undefined : path(value, base);
}

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): (value: string) => W {
  return (value) => {
    const found = words.find((candidate) => candidate === value);
    if (found === undefined) throw new Error(`${quoted(value)} is not one of ${words.join(", ")}`);
    return found;
  };
}

/** A value, or undefined where nothing is said. */
export function optional<T>(
  parse: (value: string, base: ParseBase) => T,
): (value: string, base: ParseBase) => T | undefined {
  return (value, base) => (value === "" ? undefined : parse(value, base));
}

/** A URL of PostgreSQL; `sqlite` is what there is without one. The value is a secret and is not repeated. */
export function databaseUrl(value: string): string | undefined {
  if (value === "sqlite") return undefined;
  if (!/^postgres(ql)?:\/\//.test(value))
    throw new Error("is not a URL that begins with postgres:// (or the word sqlite)");
  return value;
}

/** `true` or `false`. */
export function flagValue(value: string): boolean {
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new Error(`${quoted(value)} is neither true nor false`);
}

/** A whole number between two bounds. */
export function count(min: number, max: number = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new Error(`${quoted(value)} is not a whole number ${range(min, max)}`);
    return number;
  };
}

/** A share of a hundred; fractions are allowed. */
export function percent(value: string): number {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= 0 && number <= 100)) throw new Error(`${quoted(value)} is not a number from 0 to 100`);
  return number;
}

const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A number of bytes: `1048576` or `1 MiB`. */
export function bytes(value: string): number {
  const match = /^(\d+) ?(KiB|MiB|GiB|TiB)?$/.exec(value);
  const size = Number(match?.[1]) * (SIZE_UNITS[match?.[2] ?? ""] ?? Number.NaN);
  if (!Number.isSafeInteger(size) || size < 1)
    throw new Error(`${quoted(value)} is not a size such as 1048576 or 1 MiB`);
  return size;
}

/** A size as `bytes` takes it, or 0 for none at all. */
export function bytesOrNone(value: string): number {
  return value === "0" ? 0 : bytes(value);
}

/** A TCP port; 0 is a free one, `off` keeps the door closed. */
export type Port = number | "off";

/** A port. */
export function port(value: string): Port {
  if (value === "off") return "off";
  const number = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= 65_535)) throw new Error(`${quoted(value)} is not a port (0 to 65535, or off)`);
  return number;
}

/** A port of its own, or `http` for the one that the HTTP door listens on. */
export function portOrHttp(value: string): Port | "http" {
  return value === "http" ? "http" : port(value);
}

/** An address on the web, or nothing. */
export function optionalUrl(value: string): URL | undefined {
  if (value === "") return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "")
    throw new Error(`${quoted(value)} is not an address such as https://git.example.org`);
  return url;
}

/** Origins of web pages (RFC 6454). */
export function origins(value: string): readonly string[] {
  return itemsOf(value).map((item) => {
    const url = URL.canParse(item) ? new URL(item) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "")
      throw new Error(`${quoted(item)} is not an origin such as https://app.example.org`);
    return url.origin;
  });
}

/** Addresses and networks: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export function networks(value: string): readonly string[] {
  const items = itemsOf(value);
  for (const item of items) {
    const [address = "", bits, more] = item.split("/");
    const bitsMax = isIP(address) === 6 ? 128 : 32;
    const wrongBits = bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax);
    if (isIP(address) === 0 || wrongBits || more !== undefined)
      throw new Error(`${quoted(item)} is not an address or network such as 10.0.0.0/8`);
  }
  return items;
}

const itemsOf = (value: string): string[] =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

const STORAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** `name=path,…`: storages of the Gitaly protocol. */
export function storages(value: string, base: ParseBase): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const item of word(value).split(",")) {
    const at = item.indexOf("=");
    const name = item.slice(0, at).trim();
    const place = item.slice(at + 1).trim();
    if (at < 0 || place === "" || !STORAGE_NAME.test(name)) throw new Error(`${quoted(item)} is not name=path`);
    if (found.has(name)) throw new Error(`storage ${quoted(name)} is named twice`);
    const root = resolve(base.cwd, place);
    for (const [other, otherRoot] of found) refuseNesting(name, root, other, otherRoot);
    found.set(name, root);
  }
  return found;
}

/** Two storages that share files would see each other's repositories. */
function refuseNesting(name: string, root: string, other: string, otherRoot: string): void {
  if (`${root}/`.startsWith(`${otherRoot}/`) || `${otherRoot}/`.startsWith(`${root}/`)) {
    throw new Error(`storages ${quoted(other)} and ${quoted(name)} lie within each other`);
  }
}

function range(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
}

const quoted = (value: string): string => JSON.stringify(value);
