import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { newSecret } from "../identity/token-secret.ts";

const OWNER_ONLY = 0o600;

/** The administrator's token: the configured one, else the one in `<data>/admin-token`, which is made at the first start. */
export function adminSecret(dataDirectory: string, configured: string): string {
  if (configured !== "") return configured;
  const file = join(dataDirectory, "admin-token");
  if (!existsSync(file)) writePrivately(file, `${newSecret()}\n`);
  chmodSync(file, OWNER_ONLY);
  const secret = readFileSync(file, "utf8").trim();
  if (secret === "") throw new Error(`${file} is empty: remove it, and the next start makes a new token`);
  return secret;
}

/** Writes a file that only its owner reads, whole or not at all: a crash leaves no half of a secret. */
export function writePrivately(file: string, text: string): void {
  const written = `${file}.new`;
  rmSync(written, { force: true });
  const fd = openSync(written, "wx", OWNER_ONLY);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(written, file);
}
