import { isIP } from "node:net";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** What a proxy says of the request that it passes on; absent where it says nothing. */
export interface Forwarding {
  /** The client's address. */
  readonly address?: string;
  readonly scheme?: "http" | "https";
  /** Host, and port where it is not the scheme's own, as the client wrote them. */
  readonly host?: string;
}

interface Hop {
  readonly for?: string | undefined;
  readonly proto?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * Reads `X-Forwarded-For`, `-Proto` and `-Host`, or `Forwarded` (RFC 7239) where there is no `X-Forwarded-For`. Each proxy on the way
 * adds at the end, so the client is the last who is no trusted proxy; what stands before, he may have written himself.
 */
export function forwardedOf(headers: Headers, proxies: TrustedProxies): Forwarding {
  const hops = hopsOf(headers);
  let at = hops.length - 1;
  while (at > 0 && proxies.includes(bareAddress(hops[at]?.for ?? ""))) at--;
  const hop = hops[at];
  const address = bareAddress(hop?.for ?? "");
  const scheme = hop?.proto?.toLowerCase();
  return {
    ...(isIP(address) === 0 ? {} : { address }),
    ...(scheme === "http" || scheme === "https" ? { scheme } : {}),
    ...(hop?.host !== undefined && HOST.test(hop.host) ? { host: hop.host } : {}),
  };
}

/** A host as `Host` has it (RFC 9112, 3.2), with its port. */
export const HOST: RegExp = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/;

function hopsOf(headers: Headers): Hop[] {
  const standard = headers.get("forwarded");
  if (standard !== null && !headers.has("x-forwarded-for")) return splitOutsideQuotes(standard, ",").map(hopOf);
  const addresses = listOf(headers.get("x-forwarded-for"));
  const protos = listOf(headers.get("x-forwarded-proto"));
  const hosts = listOf(headers.get("x-forwarded-host"));
  const count = Math.max(addresses.length, 1);
  // A proxy that does not repeat what it was told says it once, for the whole way.
  const of = (list: readonly string[], at: number) => (list.length === count ? list[at] : list.at(-1));
  return Array.from({ length: count }, (_, at) => ({ for: addresses[at], proto: of(protos, at), host: of(hosts, at) }));
}

const listOf = (header: string | null): string[] =>
  header === null || header.trim() === "" ? [] : header.split(",").map((item) => item.trim());

function hopOf(element: string): Hop {
  const pairs = splitOutsideQuotes(element, ";").map((pair): [string, string] => {
    const at = pair.indexOf("=");
    const value = pair.slice(at + 1).trim();
    return [pair.slice(0, at).trim().toLowerCase(), value.replace(/^"(.*)"$/, "$1").replace(/\\(.)/g, "$1")];
  });
  const found = new Map(pairs);
  return { for: found.get("for"), proto: found.get("proto"), host: found.get("host") };
}

function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const parts = [""];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') quoted = !quoted;
    if (char === "\\" && quoted) parts[parts.length - 1] += char + (text[++at] ?? "");
    else if (char === separator && !quoted) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}

/** `[2001:db8::1]:4711` and `192.0.2.1:80` without brackets and port. */
function bareAddress(text: string): string {
  const bracketed = /^\[(.*)\](:\d+)?$/.exec(text);
  return bracketed?.[1] ?? text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
}
