import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate that vouches for itself, and its key, as files and as text. */
export interface SelfSigned {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate for loopback whose subject is the given name. */
export function selfSigned(directory: string, name: string): SelfSigned {
  const certPath = join(directory, `${name}.crt`);
  const keyPath = join(directory, `${name}.key`);
  const { exitCode, stderr } = Bun.spawnSync([
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
    "-addext",
    "subjectAltName=IP:127.0.0.1,DNS:localhost",
    "-keyout",
    keyPath,
    "-out",
    certPath,
  ]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return { certPath, keyPath, cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8") };
}
