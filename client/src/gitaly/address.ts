import { isIP } from "node:net";
import type { ValidationError } from "../errors.ts";
import { invalid } from "./validate.ts";

/** Where a server is reached, in the words of gRPC. */
export interface Endpoint {
  /** `dns:host:port`, `ipv4:…`, `ipv6:[…]:port`, `unix:path`. */
  readonly target: string;
  /** The address asks for TLS by its scheme. */
  readonly tls: boolean;
  /** The host where it is an IP address and no name. */
  readonly ipAddress?: string;
}

/** Environment variables that name the server, in their order. */
export const ADDRESS_VARIABLES = ["HOLDFAST_GITALY_ADDRESS", "CONMAN_GITALY_ADDRESS"] as const;

const TLS_SCHEMES = new Set(["grpcs", "tls", "https"]);
const PLAIN_SCHEMES = new Set(["grpc", "tcp", "http", "dns"]);

/** The address that is given, else the environment's. Throws `ValidationError` when there is none. */
export function chosenAddress(address: string | undefined, environment = process.env): string {
  const chosen = [address, ...ADDRESS_VARIABLES.map((name) => environment[name])].find(
    (each) => each !== undefined && each !== "",
  );
  if (chosen === undefined) throw invalid(`no address: give the option "address" or set ${ADDRESS_VARIABLES[0]}`);
  return chosen;
}

/**
 * Understands `host:port`, `grpc://`, `tcp://`, `dns:`, and with TLS `grpcs://`, `tls://`; `unix:/path`, `unix:path`,
 * `unix:///path`. Throws `ValidationError` for anything else.
 */
export function parseAddress(address: string): Endpoint {
  const text = address.trim();
  if (text.startsWith("unix:")) return unixEndpoint(text);
  const [, scheme = "grpc", place = text] =
    /^([a-z]+):\/\/\/?([^/]*)\/?$/i.exec(text) ?? /^(dns|tcp|tls):(.*:\d+)$/i.exec(text) ?? [];
  const kind = scheme.toLowerCase();
  const tls = TLS_SCHEMES.has(kind);
  if (!tls && !PLAIN_SCHEMES.has(kind)) throw notAnAddress(address);
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.%]+)\]|([^:/\s[\]]+)):(\d{1,5})$/i.exec(place) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw notAnAddress(address);
  }
  const version = isIP(host);
  if (version === 6) return { target: `ipv6:[${host}]:${port}`, tls, ipAddress: host };
  if (version === 4) return { target: `ipv4:${host}:${port}`, tls, ipAddress: host };
  return { target: `dns:${host}:${port}`, tls };
}

function unixEndpoint(text: string): Endpoint {
  const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
  if (path === "" || path.startsWith("//")) throw notAnAddress(text);
  return { target: `unix:${path}`, tls: false };
}

function notAnAddress(address: string): ValidationError {
  return invalid(`not an address: "${address}"; expected host:port, grpc://host:port, grpcs://host:port or unix:/path`);
}
