import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A public key that ssh-keygen has made, with the fingerprint that it prints. */
export interface MadeKey {
  readonly line: string;
  readonly fingerprint: string;
}

/** Makes a key: `makeSshKey("rsa", 2048)`. */
export function makeSshKey(type: "ed25519" | "ecdsa" | "rsa" | "dsa", bits?: number, comment = ""): MadeKey {
  const place = mkdtempSync(join(tmpdir(), "holdfast-key-"));
  const file = join(place, "key");
  try {
    const size = bits === undefined ? [] : ["-b", String(bits)];
    keygen("-q", "-t", type, ...size, "-N", "", "-C", comment, "-f", file);
    const printed = keygen("-l", "-f", `${file}.pub`);
    return { line: readFileSync(`${file}.pub`, "utf8").trim(), fingerprint: printed.split(" ")[1] ?? "" };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Writes an Ed25519 key without a passphrase into a folder and tells the file. */
export function writePrivateKey(directory: string): string {
  const file = join(directory, "private-key");
  keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file);
  return file;
}

function keygen(...args: string[]): string {
  const { success, stdout, stderr } = Bun.spawnSync(["ssh-keygen", ...args]);
  if (!success) throw new Error(`ssh-keygen: ${stderr.toString()}`);
  return stdout.toString();
}
