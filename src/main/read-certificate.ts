import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Config } from "../config.ts";
import type { Log } from "../telemetry/log.ts";
import type { Certificate } from "../transports/http/http-server.ts";

/** Reads the configured certificate and its key; undefined when none is configured. Throws an Error that says what is wrong. */
export function readCertificate({ tlsCert, tlsKey }: Config): Certificate | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const cert = read("tls_cert", tlsCert, (text) => new X509Certificate(text));
  const key = read("tls_key", tlsKey, (text) => createPrivateKey(text));
  if (!cert.parsed.checkPrivateKey(key.parsed)) throw new Error(`tls_key: ${tlsKey} is not the key of ${tlsCert}`);
  return { cert: cert.text, key: key.text };
}

/** Gives the doors the certificate that the files hold now. What is wrong with it is logged, and the one in use stays. */
export function reloadCertificate(
  config: Config,
  { logger }: Log,
  doors: readonly ({ useCertificate(certificate: Certificate): void } | undefined)[],
): void {
  try {
    const certificate = readCertificate(config);
    if (certificate === undefined) return;
    for (const door of doors) door?.useCertificate(certificate);
    logger.info({ tls_cert: config.tlsCert }, "certificate read again");
  } catch (err) {
    logger.error({ err }, "certificate not changed");
  }
}

function read<T>(
  setting: string,
  path: string,
  parse: (text: string) => T,
): { readonly text: string; readonly parsed: T } {
  try {
    const text = readFileSync(path, "utf8");
    return { text, parsed: parse(text) };
  } catch (cause) {
    throw new Error(`${setting}: ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}
